"""Lots are what is posted, whatever reaches an account that is overdrawn or was."""

import pytest

from holdings.lots import queries as lots
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers import services as customers
from tests.cards.stripe_side import StripeSide
from tests.funding.test_top_ups import paid
from tests.funding.world import balance, books_hold
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def overdrawn(ada: Known, stripe_side: StripeSide) -> tuple[Known, str]:
    """Return somebody who paid in 100 euros and spent them, and the dispute about it."""
    known = new_customer(cash="1000", country="BR")
    _shown, intent = paid(known, stripe_side, currency="EUR", amount="100.00")
    made = known.send("/v1/quotes", {"sell": "EUR", "buy": "USD", "sell_amount": "100"})
    assert known.send(f"/v1/quotes/{made.json()['id']}/accept", {}).status_code == 201
    dispute = stripe_side.issuer.control.dispute_payment(intent)
    stripe_side.hand_over()
    assert balance(known, "EUR")[0] == -100
    books_hold(known)
    return known, dispute["id"]


def test_a_dispute_that_is_won_fills_the_hole(
    overdrawn: tuple[Known, str], stripe_side: StripeSide
) -> None:
    known, dispute = overdrawn
    stripe_side.issuer.control.decide_payment(dispute, "won")
    stripe_side.hand_over()
    assert balance(known, "EUR")[0] == 0
    books_hold(known)


def test_what_a_won_dispute_gives_back_beyond_the_hole_can_be_sold(
    overdrawn: tuple[Known, str], stripe_side: StripeSide
) -> None:
    known, dispute = overdrawn
    paid(known, stripe_side, currency="EUR", amount="150.00")
    books_hold(known)
    stripe_side.issuer.control.decide_payment(dispute, "won")
    stripe_side.hand_over()
    assert balance(known, "EUR")[0] == 150
    books_hold(known)

    made = known.send("/v1/quotes", {"sell": "EUR", "buy": "USD", "sell_amount": "150"})
    assert known.send(f"/v1/quotes/{made.json()['id']}/accept", {}).status_code == 201
    books_hold(known)


def test_of_what_others_send_or_is_bought_the_hole_is_filled_first(
    overdrawn: tuple[Known, str],
) -> None:
    known, _dispute = overdrawn
    tag = "t" + "".join("abcefghjkn"[int(digit)] for digit in str(uuid7().int)[-14:])
    with transaction():
        customers.claim_tag(customer_id=known.customer.id, text=tag, now=clock.now())
    bob = new_customer(cash="1000", holdings={"EUR": "500"}, country="BR")
    amount = {"amount": "60", "currency": "EUR"}
    sent = bob.send("/v1/transfers", {"to": tag, "amount": amount, "note": ""})
    assert sent.status_code == 201, sent.content
    assert (balance(known, "EUR")[0], lots.units_in_lots(customer_id=known.customer.id)) == (
        -40,
        {},
    )
    books_hold(known)

    made = known.send("/v1/quotes", {"sell": "USD", "buy": "EUR", "buy_amount": "150"})
    assert known.send(f"/v1/quotes/{made.json()['id']}/accept", {}).status_code == 201
    assert balance(known, "EUR")[0] == 110
    books_hold(known)
