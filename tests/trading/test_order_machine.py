"""A trader's life: quotes, orders and plans in any order, and the books hold after each step."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fx.prices import live
from fx.prices.rules import Board
from fx.quotes import services as quotes
from fx.quotes.models import Quote
from fx.quotes.queries import BelowMinimum
from fx.quotes.rules import Fixed
from holdings.ledger import queries as ledger
from holdings.ledger import services as ledger_services
from holdings.ledger.models import Hold, JournalEntry
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import queries as lots
from holdings.lots.models import Disposal
from holdings.trading import services
from holdings.trading.models import Order, OrderState, Trade
from holdings.trading.rules.orders import OrderSide
from holdings.trading.services import InsufficientFunds, orders
from holdings.trading.services.orders import OrderEnded
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from tests.boards import board_of_pins
from tests.people import new_customer

CODES = ["USD", "EUR", "JPY", "BTC", "AAPLx"]
PLACES = {"USD": 2, "EUR": 2, "JPY": 0, "BTC": 10, "AAPLx": 8}
PRICES = {
    code: Decimal(usd)
    for code, usd in {
        "USD": "1", "EUR": "1.1", "JPY": "0.0066", "BTC": "50000", "AAPLx": "200",
    }.items()
}  # fmt: skip

pairs = st.permutations(CODES).map(lambda codes: codes[:2])
worths = st.integers(50, 60_000).map(lambda cents: Decimal(cents).scaleb(-2))
factors = st.sampled_from(["0.9", "0.99", "1", "1.01", "1.1"]).map(Decimal)


class TradersLife(RuleBasedStateMachine):
    """One customer of 1,000 dollars, 300 euros, some bitcoin and shares."""

    MULTIPLIERS: ClassVar = {"AAPLx": "1.0234567"}

    def __init__(self) -> None:
        super().__init__()
        self.factors = dict.fromkeys(CODES, Decimal(1))
        self.multipliers = dict(self.MULTIPLIERS)
        self._show()
        self.known = new_customer(
            cash="1000", holdings={"EUR": "300", "BTC": "0.01", "AAPLx": "4"}, country="BR"
        )
        self.customer = self.known.customer
        self.accepted = 0

    def teardown(self) -> None:
        """Leave no order open that a later life's market would fill."""
        for order in Order.objects.filter(customer=self.customer, trade=None, canceled_at=None):
            with transaction():
                orders.cancel(order_id=order.id, customer_id=self.customer.id, now=clock.now())

    # What happens

    @rule(code=st.sampled_from(CODES[1:]), factor=factors)
    def the_market_moves(self, code: str, factor: Decimal) -> None:
        self.factors[code] = factor
        self._show()
        filled = orders.fill_crossed(board=live.current(), now=clock.now())
        self.accepted += filled

    @rule(multiplier=st.sampled_from(["1", "1.0234567", "2"]))
    def a_corporate_action(self, multiplier: str) -> None:
        self.multipliers["AAPLx"] = multiplier
        self._show()

    @rule(pair=pairs, worth=worths, fixed=st.sampled_from(list(Fixed)), accept=st.booleans())
    def a_quote(self, pair: list[str], worth: Decimal, fixed: Fixed, accept: bool) -> None:
        sell, buy = pair
        named = sell if fixed is Fixed.SELL else buy
        now, board = clock.now(), live.current()
        before = self._posted()
        try:
            with transaction():
                quote = quotes.offer(
                    customer=self.customer, sell=sell, buy=buy, fixed=fixed,
                    amount=self._amount(worth, named), board=board, now=now,
                )  # fmt: skip
        except BelowMinimum:
            assert worth < 2
            return
        if not accept:
            return
        try:
            with transaction():
                services.accept_quote(
                    quote_id=quote.id, customer=self.customer, board=board, now=now
                )
        except InsufficientFunds:
            assert self._available(sell) < quote.sell_units
            assert self._posted() == before
            return
        self.accepted += 1
        after = self._posted()
        assert before[sell] - after[sell] == quote.sell_units
        assert after[buy] - before.get(buy, 0) == quote.buy_units

    @rule(
        side=st.sampled_from(list(OrderSide)), pair=pairs, worth=worths,
        better=st.sampled_from(["0.95", "0.98", "1", "1.02", "1.05"]).map(Decimal),
    )  # fmt: skip
    def an_order(self, side: OrderSide, pair: list[str], worth: Decimal, better: Decimal) -> None:
        asset, against = pair
        limit = live.current().mid_in(asset, against) * better
        try:
            with transaction():
                orders.place(
                    customer=self.customer, side=side, asset=asset, against=against,
                    quantity=self._amount(worth, asset), limit_price=round(limit, 10),
                    board=live.current(), now=clock.now(),
                )  # fmt: skip
        except BelowMinimum:
            assert worth < 2
        except InsufficientFunds:
            assert self._available(asset if side is OrderSide.SELL else against) < self._worth_of(
                worth * Decimal("1.2"), asset if side is OrderSide.SELL else against
            )

    @precondition(lambda self: Order.objects.filter(customer=self.customer).exists())
    @rule(number=st.integers(0, 99))
    def a_cancellation(self, number: int) -> None:
        found = list(Order.objects.filter(customer=self.customer).order_by("id"))
        order = found[number % len(found)]
        try:
            with transaction():
                orders.cancel(order_id=order.id, customer_id=self.customer.id, now=clock.now())
        except OrderEnded:
            assert order.state is not OrderState.OPEN

    @rule(cents=st.integers(1, 90_000), comes_in=st.booleans())
    def cash_moves(self, cents: int, comes_in: bool) -> None:
        """A deposit, or a capture that asks nobody."""
        account = ledger.balances(customer_id=self.customer.id)["USD"].account_id
        amount, now = Decimal(cents).scaleb(-2), clock.now()
        side, other = (CREDIT, DEBIT) if comes_in else (DEBIT, CREDIT)
        entry = Entry(
            id=uuid7(), customer_id=self.customer.id, cause=f"cash:{uuid7()}", kind="CASH",
            event_at=now, created_at=now, details={},
            legs=(
                Leg(side, "USD", amount, account=account, forced=not comes_in),
                Leg(other, "USD", amount, house="CUSTODY"),
            ),
        )  # fmt: skip
        with transaction():
            ledger_services.post(entry)

    # What is true after each step

    @invariant()
    def the_books_are_proved(self) -> None:
        assert ledger.breaks(customer_id=self.customer.id) == []

    @invariant()
    def units_are_those_in_lots(self) -> None:
        assert lots.units_in_lots(customer_id=self.customer.id) == {
            code: units for code, units in self._posted().items() if units and code != "USD"
        }

    @invariant()
    def what_is_set_aside_is_what_open_orders_may_give(self) -> None:
        expected = {
            order.hold_reference: order.units if order.side == "SELL" else order.limit_units
            for order in Order.objects.filter(customer=self.customer)
            if order.state is OrderState.OPEN
        }
        holds = Hold.objects.filter(customer=self.customer, amount__gt=0)
        assert dict(holds.values_list("reference", "amount")) == expected

    @invariant()
    def every_conversion_is_one_quote_one_entry_one_trade(self) -> None:
        mine = {"customer": self.customer}
        assert Trade.objects.filter(**mine).count() == self.accepted
        assert Quote.objects.filter(**mine, accepted_at__isnull=False).count() == self.accepted
        assert JournalEntry.objects.filter(**mine, kind="CONVERSION").count() == self.accepted

    @invariant()
    def orders_are_filled_at_their_limit_or_better(self) -> None:
        for order in Order.objects.filter(
            customer=self.customer, trade__isnull=False
        ).select_related("trade__quote"):
            quote = order.trade.quote  # type: ignore[union-attr]
            if order.side == "SELL":
                assert quote.sell_units == order.units
                assert quote.buy_units >= order.limit_units
            else:
                assert quote.buy_units == order.units
                assert quote.sell_units <= order.limit_units

    @invariant()
    def gains_are_those_of_the_disposals(self) -> None:
        for trade in Trade.objects.filter(customer=self.customer):
            disposals = Disposal.objects.filter(customer=self.customer, entry_id=trade.entry_id)
            assert trade.gain == sum((d.gain for d in disposals), Decimal(0))

    # How

    def _show(self) -> None:
        middles = {code: PRICES[code] * self.factors[code] for code in CODES[1:]}
        live.install(self._board(middles))

    def _board(self, middles: dict[str, Decimal]) -> Board:
        half = Decimal("0.0005")
        return board_of_pins(
            {code: str(middle * (1 - half)) for code, middle in middles.items()},
            ask={code: str(middle * (1 + half)) for code, middle in middles.items()},
            multipliers=self.multipliers,
        )

    def _amount(self, worth: Decimal, code: str) -> Decimal:
        """About `worth` dollars, as somebody would type it."""
        return max(round(worth / PRICES[code], PLACES[code]), Decimal(1).scaleb(-PLACES[code]))

    def _worth_of(self, worth: Decimal, code: str) -> Decimal:
        return worth / PRICES[code] * 2 + 1

    def _posted(self) -> dict[str, Decimal]:
        return {c: b.posted for c, b in ledger.balances(customer_id=self.customer.id).items()}

    def _available(self, code: str) -> Decimal:
        found = ledger.balances(customer_id=self.customer.id).get(code)
        return found.available if found else Decimal(0)


@pytest.fixture
def own_board() -> Iterator[Any]:
    """Let the machine set the board of this process."""
    yield
    live.install(None)


@pytest.mark.django_db
@pytest.mark.usefixtures("own_board")
def test_a_traders_life() -> None:
    run_state_machine_as_test(
        TradersLife,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
