"""Limit orders: placed with their funds set aside, filled when the board crosses them, canceled."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from fx.eligibility.queries import NotEligible, SuitabilityNeeded
from fx.prices.rules import Board
from fx.quotes import queries as pricing
from fx.quotes.queries import Pair, Priced
from fx.quotes.rules import Fixed, Source, usd_value
from holdings.ledger import services as ledger
from holdings.trading import queries
from holdings.trading.models import Order, Trade
from holdings.trading.rules.orders import OrderSide, Outcome, limit_units, reached
from holdings.trading.services.conversions import (
    InsufficientFunds,
    execute,
    require_funds,
    require_permitted,
)
from holdings.trading.services.passes import each_alone
from holdings.trading.services.telling import tell_of_order, tell_of_trade
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer
from krak.customers.queries import (
    CountryIneligible,
    EmailUnverified,
    NotVerified,
    TermsRequired,
)
from krak.customers.queries import customer as customer_of

MOST_OPEN: Final = 100
BY_CUSTOMER: Final = "customer"
HOPELESS: Final = (
    NotEligible,
    SuitabilityNeeded,
    NotVerified,
    EmailUnverified,
    TermsRequired,
    CountryIneligible,
    pricing.Delisting,
    pricing.BelowMinimum,
    pricing.AboveMaximum,
    InsufficientFunds,
)
"""What does not pass by itself: the order ends, and its funds are free again."""


class TooManyOrders(DomainError):
    """The customer has as many open orders as one may have."""

    code = "trading.too_many_orders"
    title = f"There can be {MOST_OPEN} open orders at a time."
    kind = Kind.REFUSED


class OrderEnded(DomainError):
    """The order was filled or canceled before."""

    code = "trading.order_ended"
    title = "This order was filled or canceled before."
    kind = Kind.CONFLICT


@takes_part
def place(
    *,
    customer: Customer,
    side: OrderSide,
    asset: str,
    against: str,
    quantity: Decimal,
    limit_price: Decimal,
    board: Board,
    now: datetime,
) -> Order:
    """Place an order and set aside what it may have to give.

    `quantity` is in shown units of `asset`, `limit_price` in shown units of `against` for one of
    them, fee and spread included.

    Raises:
        UnknownAsset, SameAsset, NoPriceNow, AmountTooFine: see `fx.quotes`.
        What `fx.quotes.queries.require_allowed` raises.
        BelowMinimum, AboveMaximum: now or at its limit, it is worth too little or too much.
        TooManyOrders: there are `MOST_OPEN` already.
        InsufficientFunds: what it may have to give is not available.
    """
    ledger.lock_books([customer.id])
    buying = side is OrderSide.BUY
    pair = _pair(side, asset, against, board=board)
    own, other = (pair.bought, pair.sold) if buying else (pair.sold, pair.bought)
    pricing.require_allowed(pair=pair, customer=customer, now=now)
    units = pricing.in_base_units(quantity, own, up=buying)
    limit = limit_units(
        side,
        units=units,
        limit_price=limit_price,
        asset_multiplier=own.price.multiplier,
        against_multiplier=other.price.multiplier,
        against_places=other.places,
    )
    gives = limit if buying else units
    policy = pricing.terms_in_force(at=now).policy
    pricing.require_countable(units, limit)
    # It is filled at its limit or better, so what is sold will be worth that much at least.
    worth = max(usd_value(gives, pair.sold), usd_value(limit, other))
    pricing.require_within_limits(worth, policy=policy)
    if Order.objects.filter(customer=customer, trade=None, canceled_at=None).count() >= MOST_OPEN:
        raise TooManyOrders
    sold = pair.sold.price.code
    require_funds(customer_id=customer.id, currency=sold, units=gives, board=board, now=now)
    order = Order.objects.create(
        id=uuid7(),
        customer=customer,
        side=side.value,
        asset=asset,
        against=against,
        units=units,
        limit_units=limit,
        limit_price=limit_price,
        asset_multiplier=own.price.multiplier,
        against_multiplier=other.price.multiplier,
        created_at=now,
    )
    _set_aside(order, gives, now=now)
    return order


@takes_part
def cancel(*, order_id: UUID, customer_id: UUID, now: datetime) -> Order:
    """End an open order and free its funds; one that was canceled by its owner stays so.

    Raises:
        OrderNotFound: there is none, or it is another customer's.
        OrderEnded: it was filled, or the engine canceled it.
    """
    ledger.lock_books([customer_id])
    order = queries.order_of(order_id=order_id, customer_id=customer_id)
    if order.canceled_at is not None and order.cancel_reason == BY_CUSTOMER:
        return order
    if order.trade_id is not None or order.canceled_at is not None:
        raise OrderEnded(state=order.state.lower())
    _end(order, reason=BY_CUSTOMER, now=now)
    return order


@takes_part
def end_those_with(
    asset: str, refusal: DomainError, *, customer_id: UUID, buying_only: bool, now: datetime
) -> None:
    """Cancel a customer's open orders that get an asset, or have to do with it; tell of each.

    The customer's book must be locked.
    """
    for order in queries.orders(customer_id=customer_id).filter(trade=None, canceled_at=None):
        if order.gets == asset or (order.gives == asset and not buying_only):
            _end(order, reason=refusal.code, now=now)
            tell_of_order(order, refusal)


def fill_crossed(*, board: Board, now: datetime) -> int:
    """Fill what the board has crossed, each order in a transaction of its own; return how many.

    Any number of workers may do so at once: an order is looked at again under its owner's lock.
    """
    terms = pricing.terms_in_force(at=now)
    # Fees are not in the database's comparison; here they cost no query either.
    crossed = (
        order
        for order in queries.crossed_orders(board=board, now=now)
        if _reached(order, board=board, terms=terms)
    )
    return each_alone(
        crossed,
        lambda order: fill(order_id=order.id, customer_id=order.customer_id, board=board, now=now),
    )


@transaction
def fill(*, order_id: UUID, customer_id: UUID, board: Board, now: datetime) -> Trade | None:
    """Fill an order if it is still open and the board is as good as its limit, else return None.

    An order that can never be filled any more is canceled, with the code of what stands in the way,
    and its owner is told.
    """
    ledger.lock_books([customer_id])
    order = queries.order_of(order_id=order_id, customer_id=customer_id)
    if order.trade_id is not None or order.canceled_at is not None:
        return None
    customer = customer_of(customer_id)
    try:
        priced = _priced(order, customer=customer, board=board, now=now)
        if not _good_enough(order, priced):
            return None
        require_permitted(customer, usd=priced.usd_value, board=board, now=now)
        _set_aside(order, Decimal(0), now=now)
        require_funds(
            customer_id=customer_id,
            currency=order.gives,
            units=priced.conversion.sell,
            board=board,
            now=now,
        )
    except HOPELESS as refusal:
        _end(order, reason=refusal.code, now=now)
        tell_of_order(order, refusal)
        return None
    except DomainError:
        # Halted, stale, frozen, or over a limit of the day or the month: that passes.
        return None
    order.trade = execute(priced, customer=customer, source=Source.ORDER, now=now)
    order.save(update_fields=["trade"])
    tell_of_trade(
        "order.filled", order.trade, board=board, now=now, order=show(Order.PREFIX, order.id)
    )
    return order.trade


def _reached(order: Order, *, board: Board, terms: pricing.Terms) -> bool:
    try:
        made = pricing.converted(
            pair=_pair(OrderSide(order.side), order.asset, order.against, board=board),
            fixed=Fixed(order.side),
            units=order.units,
            terms=terms,
        )
    except DomainError:
        return False
    return reached(
        OrderSide(order.side),
        limit=order.limit_units,
        outcome=Outcome(sell=made.sell, buy=made.buy),
    )


def _priced(order: Order, *, customer: Customer, board: Board, now: datetime) -> Priced:
    pair = _pair(OrderSide(order.side), order.asset, order.against, board=board)
    return pricing.price(
        pair=pair, fixed=Fixed(order.side), units=order.units, customer=customer, now=now
    )


def _good_enough(order: Order, priced: Priced) -> bool:
    outcome = Outcome(sell=priced.conversion.sell, buy=priced.conversion.buy)
    return reached(OrderSide(order.side), limit=order.limit_units, outcome=outcome)


def _pair(side: OrderSide, asset: str, against: str, *, board: Board) -> Pair:
    sell, buy = (asset, against) if side is OrderSide.SELL else (against, asset)
    return pricing.pair_of(sell, buy, board=board)


def _end(order: Order, *, reason: str, now: datetime) -> None:
    order.canceled_at, order.cancel_reason = now, reason
    order.save(update_fields=["canceled_at", "cancel_reason"])
    _set_aside(order, Decimal(0), now=now)


def _set_aside(order: Order, units: Decimal, *, now: datetime) -> None:
    account = ledger.account_of(customer_id=order.customer_id, currency=order.gives)
    ledger.set_hold(
        customer_id=order.customer_id,
        account_id=account.id,
        reference=order.hold_reference,
        amount=units,
        now=now,
    )
