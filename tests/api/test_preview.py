"""A preview says what a purchase would do, and does nothing."""

from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Decision
from cards.issuing.models import Card
from krak.core import clock
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.sandbox import services as sandbox
from tests.cards.scenarios import Play, scenario

pytestmark = pytest.mark.django_db


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer with 30 dollars and a hundredth of a bitcoin."""
    return Play(scenario("A04"), client, pinned)


def _ask(play: Play, **body: Any) -> Any:
    with transaction():
        token = customers.issue_token(customer=play.customer, device="test", now=clock.now())
    return play.client.post(
        "/v1/purchases/preview",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def test_a_preview_says_what_the_tap_then_does(play: Play) -> None:
    before = sandbox.position(customer=play.customer)

    said = _ask(play, amount="50.00").json()

    assert said["approved"] is True
    assert said["decline"] is None
    assert said["coverage"] == {"amount": "505.00", "currency": "USD"}
    assert said["held"] == {"amount": "50.00", "currency": "USD"}
    (sale,) = said["sales"]
    assert sale["units"]["currency"] == "BTC"
    assert sale["proceeds"] == {"amount": "20.00", "currency": "USD"}
    assert sandbox.position(customer=play.customer) == before
    assert not Decision.objects.exists()
    play.request(5000)
    assert Decision.objects.get().sales[0]["units"] == "0.0004"


def test_a_preview_says_why_not(play: Play) -> None:
    said = _ask(play, amount="505.01").json()

    assert said["approved"] is False
    assert said["decline"]["reason"] == "insufficient_funds"
    assert said["sales"] == []
    blocked = _ask(play, amount="1.00", merchant_category_code="7995").json()
    assert blocked["decline"]["reason"] == "merchant_blocked"


def test_a_preview_knows_what_its_owner_has_blocked(play: Play) -> None:
    Card.objects.update(blocked_countries=["JP"], online_enabled=False)

    def said(**more: Any) -> tuple[bool, str | None]:
        found = _ask(play, amount="1.00", **more).json()
        return found["approved"], found["decline"] and found["decline"]["reason"]

    assert said(merchant_country="FR") == (True, None)
    assert said(merchant_country="JP") == (False, "merchant_blocked")
    assert said(online=True) == (False, "merchant_blocked")


def test_a_preview_counts_cash_and_a_part_that_a_merchant_takes_as_a_tap_does(play: Play) -> None:
    whole = _ask(play, amount="100.00", cash_back="40.00").json()
    assert (whole["amount"]["amount"], whole["cashback_pending"]) == (
        "100.00", {"amount": "0.60", "currency": "USD"},
    )  # fmt: skip

    part = _ask(play, amount="600.00", takes_part=True).json()

    assert (part["approved"], part["amount"]["amount"]) == (True, "505.00")
    assert part["cashback_pending"] == {"amount": "5.05", "currency": "USD"}
    assert _ask(play, amount="9.00", merchant_category_code="6540").json()[
        "cashback_pending"
    ] is None  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"amount": "1.001"}, 400),
        ({"amount": "0"}, 400),
        ({"amount": "1", "card": "card_01h455vb4pex5vsknk084sn02q"}, 404),
        ({"amount": "1", "card": "nonsense"}, 404),
        ({"amount": "1", "store": True}, 400),
        ({"amount": "1", "cash_back": "1.01"}, 400),
        ({"amount": "1", "cash_back": "0.001"}, 400),
        ({"amount": "1", "merchant_country": "jp"}, 400),
    ],
)
def test_a_bad_preview_is_refused(play: Play, body: dict[str, Any], status: int) -> None:
    assert _ask(play, **body).status_code == status


def test_somebody_elses_card_is_not_there(play: Play, client: Client, pinned: Any) -> None:
    other = Play(scenario("A01"), client, pinned)

    assert _ask(play, amount="1", card=other.card.shown_id).status_code == 404
