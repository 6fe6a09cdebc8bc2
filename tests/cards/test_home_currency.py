"""A card in another currency than its owner's home currency, in which lots are reckoned."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cards.cashback.models import Grant
from cards.clearing.models import CardTransaction
from cards.issuing import services as issuing
from cards.issuing.models import Cardholder
from fx.prices import live
from fx.prices.rules import EMPTY
from holdings.ledger import queries as ledger
from holdings.lots import queries as lots
from holdings.lots.models import Disposal, Lot
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.sandbox import services as sandbox
from tests.people import Known
from tests.stripe_door import StripeDoor, answer_of
from tests.trading.test_trades import books_hold

pytestmark = pytest.mark.django_db

PRICES = {"EUR": "1.25", "BTC": "50000"}
BITCOIN = ("BTC", "0.01", "400")
"""Bought for 400 EUR, which are 500 USD: worth what it cost."""


def at_home_in_euros(
    *, cash: str = "1000", holdings: Sequence[tuple[str, str, str]] = (), reward: str | None = None
) -> Known:
    wanted = sandbox.NewCustomer(
        country="DE",
        card_currency="EUR",
        cash=Decimal(cash),
        holdings=[
            sandbox.Holding(code, Decimal(units), Decimal(cost)) for code, units, cost in holdings
        ],
        spend_order=None,
        excluded=[],
        cashback_asset=reward,
        policy={},
    )
    with transaction():
        return Known(*sandbox.create_customer(wanted, now=clock.now()))


def dollars_of(client: Client, known: Known) -> StripeDoor:
    """Return the till at which a second card of theirs is used, in dollars."""
    with transaction():
        card = issuing.add_card(
            cardholder=Cardholder.objects.get(customer=known.customer),
            stripe_id=f"ic_usd_{known.customer.id.hex}",
            currency="USD",
            last4="1111",
            livemode=False,
        )
    return StripeDoor(client, card.stripe_id)


def credit(known: Known, amount: str) -> None:
    """Have dollars come in."""
    with transaction():
        sandbox.credit_cash(
            customer_id=known.customer.id, currency="USD", amount=Decimal(amount),
            cause="test", now=clock.now(),
        )  # fmt: skip


def work() -> None:
    outbox.drain(now=clock.now())
    assert not OutboxMessage.objects.filter(done_at=None).exists()


def test_a_tap_pays_from_home_cash(client: Client, pinned: Any) -> None:
    pinned(PRICES)
    known = at_home_in_euros()

    answer = answer_of(dollars_of(client, known).request(5000))

    assert answer["approved"] is True
    assert ledger.balances(customer_id=known.customer.id)["EUR"].posted == 960
    assert lots.units_in_lots(customer_id=known.customer.id) == {"USD": 50}
    assert Lot.objects.get().cost == 40
    books_hold(known)


def test_gains_are_what_a_sale_is_worth_at_home_less_what_it_cost_there(
    client: Client, pinned: Any
) -> None:
    pinned(PRICES)
    known = at_home_in_euros(cash="0", holdings=[BITCOIN])

    assert answer_of(dollars_of(client, known).request(25000))["approved"] is True

    gone = Disposal.objects.get(customer_id=known.customer.id)
    assert (gone.currency, gone.cost_currency) == ("BTC", "EUR")
    assert (gone.proceeds, gone.cost_basis, gone.gain) == (200, 200, 0)
    books_hold(known)


def test_a_capture_without_a_tap_sells_home_cash_and_its_dollars_leave_their_lot(
    client: Client, pinned: Any
) -> None:
    pinned(PRICES)
    known = at_home_in_euros()

    dollars_of(client, known).transaction(
        5000, transaction="t1", kind="capture", authorization=None
    )
    work()

    balances = ledger.balances(customer_id=known.customer.id)
    assert (balances["EUR"].posted, balances["USD"].posted) == (960 + Decimal("0.40"), 0)
    gone = Disposal.objects.get(customer_id=known.customer.id, currency="USD")
    assert (gone.proceeds, gone.cost_basis) == (40, 40)
    books_hold(known)


def test_without_any_price_a_capture_waits_instead_of_being_worth_nothing(
    client: Client, pinned: Any
) -> None:
    """A worker that has just started, and a market that is away."""
    pinned(PRICES)
    known = at_home_in_euros()
    till = dollars_of(client, known)
    till.request(5000)
    with live.installed(EMPTY):
        till.transaction(5000, transaction="t1", kind="capture")
        outbox.drain(now=clock.now())
    assert not Disposal.objects.filter(customer_id=known.customer.id, currency="USD").exists()
    waiting = OutboxMessage.objects.get(done_at=None)
    assert waiting.last_error.startswith("NoPricesYet")

    outbox.deliver([waiting.id], now=clock.now())

    gone = Disposal.objects.get(customer_id=known.customer.id, currency="USD")
    assert (gone.proceeds, gone.cost_basis) == (40, 40)
    books_hold(known)


def test_what_a_reversal_leaves_can_be_converted(client: Client, pinned: Any) -> None:
    pinned(PRICES)
    known = at_home_in_euros(cash="0", holdings=[BITCOIN])
    till = dollars_of(client, known)
    assert answer_of(till.request(25000))["approved"] is True
    till.authorization(0, status="reversed")
    work()

    quote = known.send("/v1/quotes", {"sell": "USD", "buy": "EUR", "sell_amount": "250"})
    done = known.send(f"/v1/quotes/{quote.json()['id']}/accept")

    assert done.status_code == 201, done.content
    books_hold(known)


def test_what_overdraws_was_in_no_lot_and_a_refund_fills_the_hole_first(
    client: Client, pinned: Any
) -> None:
    pinned(PRICES)
    known = at_home_in_euros(cash="0")
    till = dollars_of(client, known)
    credit(known, "30")

    till.transaction(5000, transaction="t1", kind="capture", authorization="a1")
    work()
    assert ledger.balances(customer_id=known.customer.id)["USD"].posted == -20
    books_hold(known)

    till.transaction(5000, transaction="r1", kind="refund", authorization="a1")
    work()
    assert lots.units_in_lots(customer_id=known.customer.id) == {"USD": 30}
    books_hold(known)


def test_a_reward_in_home_currency_has_no_lot_and_another_costs_what_it_is_worth_at_home(
    client: Client, pinned: Any
) -> None:
    pinned(PRICES)
    in_euros, in_bitcoin = at_home_in_euros(reward="EUR"), at_home_in_euros(reward="BTC")
    for known in (in_euros, in_bitcoin):
        till = dollars_of(client, known)
        assert answer_of(till.request(10000))["approved"] is True
        till.transaction(10000, transaction="t1", kind="capture")
        work()
        books_hold(known)

    reward = Grant.objects.get(customer=in_bitcoin.customer)
    lot = Lot.objects.get(customer=in_bitcoin.customer, entry_id=reward.entry_id)
    assert (reward.value, lot.cost, lot.cost_currency) == (1, Decimal("0.8"), "EUR")


def test_limits_count_what_was_spent_in_the_currency_of_the_card(
    client: Client, pinned: Any
) -> None:
    pinned(PRICES)
    known = at_home_in_euros(cash="20000")
    credit(known, "20000")

    assert answer_of(dollars_of(client, known).request(800_000))["approved"] is True
    euros = StripeDoor(client, known.card.stripe_id, "eur")
    assert answer_of(euros.request(300_000))["approved"] is True


def test_a_refund_is_of_a_purchase_in_its_currency(client: Client, pinned: Any) -> None:
    pinned(PRICES)
    known = at_home_in_euros(cash="20000")
    credit(known, "20000")
    dollars, euros = dollars_of(client, known), StripeDoor(client, known.card.stripe_id, "eur")
    dollars.base = euros.base + 50
    shop: dict[str, Any] = {"kind": "capture", "network_id": "m1"}
    euros.transaction(10000, transaction="t1", authorization="a1", **shop)
    dollars.transaction(12000, transaction="t2", authorization="a2", **shop)
    work()

    euros.transaction(
        10000, transaction="r1", kind="refund", authorization=None, network_id="m1", at=100
    )
    work()

    refund = CardTransaction.objects.get(stripe_id=euros.id("r1"))
    assert refund.group == euros.id("a1")
