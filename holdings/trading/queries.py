"""Reads of trades and of what makes them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from fx.prices.rules import Board
from holdings.trading.models import (
    AutoConvertRule,
    AutoConvertRun,
    Order,
    RecurringBuy,
    RecurringRun,
    Trade,
)
from holdings.trading.rules.orders import OrderSide
from krak.core.errors import DomainError, Kind


class TradeNotFound(DomainError):
    """No such trade, or not one of the customer's."""

    code = "trading.trade_not_found"
    title = "There is no such trade."
    kind = Kind.NOT_FOUND


class OrderNotFound(DomainError):
    """No such order, or not one of the customer's."""

    code = "trading.order_not_found"
    title = "There is no such order."
    kind = Kind.NOT_FOUND


class PlanNotFound(DomainError):
    """No such recurring buy, or not one of the customer's."""

    code = "trading.plan_not_found"
    title = "There is no such recurring buy."
    kind = Kind.NOT_FOUND


class RuleNotFound(DomainError):
    """The customer has no auto-convert rule for the currency."""

    code = "trading.rule_not_found"
    title = "There is no auto-convert rule for this currency."
    kind = Kind.NOT_FOUND


def trades(*, customer_id: UUID) -> QuerySet[Trade]:
    """Return all trades of a customer with their quotes."""
    return Trade.objects.filter(customer_id=customer_id).select_related("quote")


def trade_of(*, trade_id: UUID, customer_id: UUID) -> Trade:
    """Return one trade of the customer's.

    Raises:
        TradeNotFound: there is none, or it is another customer's.
    """
    found = trades(customer_id=customer_id).filter(id=trade_id).first()
    if found is None:
        raise TradeNotFound
    return found


def orders(*, customer_id: UUID) -> QuerySet[Order]:
    """Return all orders of a customer."""
    return Order.objects.filter(customer_id=customer_id)


def order_of(*, order_id: UUID, customer_id: UUID) -> Order:
    """Return one order of the customer's.

    Raises:
        OrderNotFound: there is none, or it is another customer's.
    """
    found = orders(customer_id=customer_id).filter(id=order_id).first()
    if found is None:
        raise OrderNotFound
    return found


def would_buy(asset: str, *, most: int, after: UUID | None) -> list[UUID]:
    """Return customers with an open order or a recurring buy that gets an asset, by their ids."""
    gets = Q(side=OrderSide.BUY, asset=asset) | Q(side=OrderSide.SELL, against=asset)
    sources: tuple[QuerySet[Any], ...] = (
        Order.objects.filter(gets, trade=None, canceled_at=None),
        RecurringBuy.objects.filter(buy=asset, canceled_at=None),
    )
    later = Q() if after is None else Q(customer_id__gt=after)
    found: set[UUID] = set()
    for rows in sources:
        ids = rows.filter(later).order_by("customer_id").values_list("customer_id", flat=True)
        found.update(ids.distinct()[:most])
    return sorted(found)[:most]


def crossed_orders(*, board: Board, now: datetime) -> Iterator[Order]:
    """Return the open orders that a board crosses before fees, oldest first, in one statement.

    Only what may be traded counts. Base units are compared at bid and ask through USD by
    multiplying across, so nothing is rounded.
    """
    tradable = [
        (price, board.may_sell(code, now), board.may_buy(code, now))
        for code, price in board.prices.items()
        if board.is_fresh(code, now)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH board AS MATERIALIZED (
                SELECT * FROM unnest(%s::text[], %s::numeric[], %s::numeric[], %s::bool[],
                                     %s::bool[]) AS _(code, bid, ask, sellable, buyable))
            SELECT o.id
              FROM trading_order o
              JOIN board asset ON asset.code = o.asset
              JOIN board against ON against.code = o.against
             WHERE o.trade_id IS NULL AND o.canceled_at IS NULL
               AND CASE o.side
                   WHEN 'SELL' THEN asset.sellable AND against.buyable
                        AND o.units * asset.bid >= o.limit_units * against.ask
                   ELSE asset.buyable AND against.sellable
                        AND o.units * asset.ask <= o.limit_units * against.bid END
             ORDER BY o.id
            """,
            [
                [price.code for price, _sell, _buy in tradable],
                [price.bid * price.multiplier for price, _sell, _buy in tradable],
                [price.ask * price.multiplier for price, _sell, _buy in tradable],
                [sellable for _price, sellable, _buy in tradable],
                [buyable for _price, _sell, buyable in tradable],
            ],
        )
        crossed = [row[0] for row in cursor.fetchall()]
    return iter(Order.objects.filter(id__in=crossed).order_by("id"))


def plans(*, customer_id: UUID) -> QuerySet[RecurringBuy]:
    """Return all recurring buys of a customer."""
    return RecurringBuy.objects.filter(customer_id=customer_id)


def plan_of(*, plan_id: UUID, customer_id: UUID) -> RecurringBuy:
    """Return one recurring buy of the customer's.

    Raises:
        PlanNotFound: there is none, or it is another customer's.
    """
    found = plans(customer_id=customer_id).filter(id=plan_id).first()
    if found is None:
        raise PlanNotFound
    return found


def due_plans(*, now: datetime) -> QuerySet[RecurringBuy]:
    """Return the recurring buys with a due slot, the longest waiting first."""
    return RecurringBuy.objects.filter(paused_at=None, canceled_at=None, next_at__lte=now).order_by(
        "next_at", "id"
    )


def runs(*, plan: RecurringBuy) -> QuerySet[RecurringRun]:
    """Return what came of a plan's slots."""
    return RecurringRun.objects.filter(plan=plan)


def rules(*, customer_id: UUID) -> QuerySet[AutoConvertRule]:
    """Return the customer's auto-convert rules by currency."""
    return AutoConvertRule.objects.filter(customer_id=customer_id).order_by("currency")


def rule_of(*, customer_id: UUID, currency: str) -> AutoConvertRule:
    """Return the customer's auto-convert rule for a currency.

    Raises:
        RuleNotFound: there is none.
    """
    found = rules(customer_id=customer_id).filter(currency=currency).first()
    if found is None:
        raise RuleNotFound
    return found


def auto_converted(*, customer_id: UUID) -> QuerySet[AutoConvertRun]:
    """Return what rules made of a customer's incoming money."""
    return AutoConvertRun.objects.filter(customer_id=customer_id)
