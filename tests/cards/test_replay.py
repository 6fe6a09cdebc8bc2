"""A decision can be judged again from nothing but what it stored."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from cards.authorizations.models import Decision
from cards.authorizations.rules.replay import differences, replay
from tests.cards.scenarios import SCENARIOS, Play, scenario

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("case_id", [case["id"] for case in SCENARIOS if case["id"][0] in "AB"])
def test_every_decision_replays_to_itself(case_id: str, client: Client, pinned: Any) -> None:
    play = Play(scenario(case_id), client, pinned)
    play.run()
    pinned({"BTC": "1"})

    decisions = Decision.objects.filter(customer=play.customer)

    assert decisions
    for decision in decisions:
        said = io.StringIO()
        call_command("replay_decision", decision.shown_id, stdout=said)
        assert "agrees" in said.getvalue()


def test_a_decision_that_would_end_otherwise_says_where(client: Client, pinned: Any) -> None:
    play = Play(scenario("A04"), client, pinned)
    play.run()
    decision = Decision.objects.get(customer=play.customer)
    decision.inputs["prices"]["BTC"]["bid"] = "25000"

    verdict = replay(request=decision.request, inputs=decision.inputs)
    parted = differences(
        verdict,
        {
            "reason": "", "approved_amount": "50", "held": "50", "cash_amount": "0",
            "sales": "0.0004 BTC for 20",
        },
    )  # fmt: skip

    assert [(d.name, d.replayed) for d in parted] == [("sales", "0.0008 BTC for 20")]


def test_an_id_that_names_nothing_is_a_clear_error() -> None:
    for nothing in ("dec_01h455vb4pex5vsknk084sn02q", "x"):
        with pytest.raises(CommandError, match="There is no decision"):
            call_command("replay_decision", nothing)
