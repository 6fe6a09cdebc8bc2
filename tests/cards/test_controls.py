"""What the owner of a card forbids is refused at once, and told in Stripe's words."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.db import transaction as django_transaction

from cards.authorizations.rules.decision import AuthorizationRequest
from cards.authorizations.services import authorize
from cards.issuing import services as issuing
from cards.issuing.models import Card
from cards.issuing.queries import CardEnded
from cards.issuing.rules import CASH_MCCS, Controls, categories, spending_controls
from krak.core.transactions import transaction
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db

JANUARY = datetime(2040, 1, 30, 12, tzinfo=UTC)
NEXT_DAY = datetime(2040, 1, 31, 12, tzinfo=UTC)
NEXT_MONTH = datetime(2040, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="1000")


def _allow(card: Card, **controls: Any) -> None:
    with transaction():
        issuing.set_controls(card=card, controls=Controls(**controls))


def _ask(card: Card, amount: str, *, at: datetime = JANUARY, **changed: Any) -> str | None:
    """Ask for an authorization of its own unless named, and return why it is refused."""
    request = AuthorizationRequest(
        stripe_id=f"iauth_{secrets.token_hex(6)}",
        step=0,
        card_stripe_id=card.stripe_id,
        livemode=False,
        amount=Decimal(amount),
        currency="USD",
        cashback_amount=Decimal(0),
        atm_fee=Decimal(0),
        is_amount_controllable=False,
        mcc="5812",
        merchant_name="RAMEN TOKYO",
        merchant_network_id="",
        merchant_country="JP",
        merchant_currency="USD",
        merchant_amount_minor=0,
        method="contactless",
        event_id="evt_test",
    )
    answer = authorize(replace(request, **changed), now=at)
    assert answer["approved"] is ("decline_reason" not in answer["metadata"])
    reason: str | None = answer["metadata"].get("decline_reason")
    return reason


def test_a_purchase_passes_up_to_the_owners_limit(known: Known) -> None:
    _allow(known.card, purchase_limit=Decimal(50))

    assert _ask(known.card, "50.01") == "velocity_limit"
    assert _ask(known.card, "50.00") is None


def test_an_increment_counts_to_its_purchase(known: Known) -> None:
    _allow(known.card, purchase_limit=Decimal(50))

    assert _ask(known.card, "30", stripe_id="iauth_tab") is None
    assert _ask(known.card, "20.01", stripe_id="iauth_tab", step=1) == "velocity_limit"
    assert _ask(known.card, "20.00", stripe_id="iauth_tab", step=2) is None


def test_an_increment_counts_to_its_purchase_in_the_next_month_too(known: Known) -> None:
    _allow(known.card, purchase_limit=Decimal(100))

    assert _ask(known.card, "100", stripe_id="iauth_stay") is None
    assert (
        _ask(known.card, "0.01", stripe_id="iauth_stay", step=1, at=NEXT_MONTH) == "velocity_limit"
    )
    assert _ask(known.card, "100", stripe_id="iauth_other", at=NEXT_MONTH) is None


def test_days_and_months_of_utc_have_limits_of_their_own(known: Known) -> None:
    _allow(known.card, daily_limit=Decimal(60), monthly_limit=Decimal(100))

    assert _ask(known.card, "60") is None
    assert _ask(known.card, "0.01") == "velocity_limit"
    assert _ask(known.card, "40.01", at=NEXT_DAY) == "velocity_limit"
    assert _ask(known.card, "40.00", at=NEXT_DAY) is None
    assert _ask(known.card, "60.00", at=NEXT_MONTH) is None


def test_what_a_replaced_card_spent_counts_for_its_successor(known: Known) -> None:
    _allow(known.card, daily_limit=Decimal(60))
    assert _ask(known.card, "50") is None
    with transaction():
        issuing.cancel(card=known.card)
        successor = issuing.add_card(
            cardholder=known.card.cardholder,
            stripe_id=f"ic_{secrets.token_hex(6)}",
            currency="USD",
            last4="1881",
            livemode=False,
            replaces=known.card,
        )
    _allow(successor, daily_limit=Decimal(60))

    assert _ask(successor, "10.01") == "velocity_limit"
    assert _ask(successor, "10.00") is None


@pytest.mark.parametrize(
    ("controls", "asked", "reason"),
    [
        ({"atm_enabled": False}, {"mcc": "6011"}, "cash_not_enabled"),
        ({"atm_enabled": False}, {"mcc": "6010"}, "cash_not_enabled"),
        ({"online_enabled": False}, {"method": "online"}, "merchant_blocked"),
        ({"online_enabled": False}, {"method": "keyed_in"}, "merchant_blocked"),
        ({"blocked_countries": ("JP", "KP")}, {}, "merchant_blocked"),
        ({"blocked_mccs": ("5813", "5812")}, {}, "merchant_blocked"),
    ],
)
def test_what_is_switched_off_is_refused_and_all_else_goes_on(
    known: Known, controls: dict[str, Any], asked: dict[str, Any], reason: str
) -> None:
    _allow(known.card, **controls)

    assert _ask(known.card, "5", **asked) == reason
    other: dict[str, Any] = {"mcc": "5411", "merchant_country": "FR", "method": "chip"}
    assert _ask(known.card, "5", **other) is None

    _allow(known.card)
    assert _ask(known.card, "5", **asked) is None


def test_a_canceled_card_takes_no_controls(known: Known) -> None:
    with transaction():
        issuing.cancel(card=known.card)
    with pytest.raises(CardEnded):
        _allow(known.card, atm_enabled=False)


def test_the_database_refuses_a_negative_limit(known: Known) -> None:
    with (
        pytest.raises(IntegrityError, match="limits_of_a_card_are_not_negative"),
        django_transaction.atomic(),
    ):
        Card.objects.filter(id=known.card.id).update(monthly_limit=-1)


def test_controls_are_said_in_stripes_words() -> None:
    controls = Controls(
        purchase_limit=Decimal("50.5"),
        monthly_limit=Decimal(900),
        atm_enabled=False,
        online_enabled=False,
        blocked_countries=("KP", "FR"),
        blocked_mccs=("7995", "3000"),
    )

    assert spending_controls(controls, currency="EUR") == {
        "spending_limits": [
            {"interval": "per_authorization", "amount": 5050},
            {"interval": "monthly", "amount": 90_000},
        ],
        "blocked_categories": [
            "automated_cash_disburse",
            "betting_casino_gambling",
            "manual_cash_disburse",
        ],
        "blocked_merchant_countries": ["FR", "KP"],
        "blocked_card_presences": ["not_present"],
    }
    # What Stripe cannot keep binds our own decision alone.
    for limit in (Decimal(0), Decimal(1000000000)):
        assert spending_controls(Controls(daily_limit=limit), currency="EUR") == spending_controls(
            Controls(), currency="EUR"
        )
    # An empty text is how a list is emptied there.
    assert set(spending_controls(Controls(), currency="EUR").values()) == {""}


def test_merchant_categories_are_known_by_code() -> None:
    assert categories()["5812"].name == "Eating places and restaurants"
    assert {categories()[mcc].stripe_category for mcc in CASH_MCCS} == {
        "manual_cash_disburse",
        "automated_cash_disburse",
    }
    assert not categories()["3000"].is_general
    assert len(categories()) == 933
