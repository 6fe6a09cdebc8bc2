"""The worked cases of the card policy, through signed webhooks."""

from typing import Any

import pytest
from django.test import Client

from holdings.ledger import queries as ledger
from holdings.lots import queries as lots
from tests.cards.scenarios import SCENARIOS, Play, scenario

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("case_id", [case["id"] for case in SCENARIOS])
def test_a_worked_case_ends_as_the_policy_says(case_id: str, client: Client, pinned: Any) -> None:
    play = Play(scenario(case_id), client, pinned)

    play.run()

    assert ledger.breaks(customer_id=play.customer.id) == []
    left = lots.units_in_lots(customer_id=play.customer.id)
    for code, balance in ledger.balances(customer_id=play.customer.id).items():
        assert code == "USD" or left.get(code, 0) == balance.posted
