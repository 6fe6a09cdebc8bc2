"""What customers are told of what trades by itself."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fx.prices.rules import Board
from holdings.ledger.queries import told
from holdings.trading.models import AutoConvertRule, Order, RecurringBuy, Trade
from krak.core.errors import DomainError
from krak.core.ids import show
from krak.core.transactions import takes_part
from krak.notifications import services as notifications


@takes_part
def tell_of_trade(kind: str, trade: Trade, *, board: Board, now: datetime, **asked: str) -> None:
    """Promise a notice of what was traded, in shown units, for what was `asked`."""
    quote = trade.quote
    facts = {
        "trade": show(Trade.PREFIX, trade.id),
        "sold": told(quote.sell_units, code=quote.sell_currency, board=board, now=now),
        "bought": told(quote.buy_units, code=quote.buy_currency, board=board, now=now),
    }
    notifications.promise(trade.customer_id, kind, facts | asked)


@takes_part
def tell_of_rule(
    rule: AutoConvertRule, units: Decimal, refusal: DomainError, *, board: Board, now: datetime
) -> None:
    """Promise a notice that `units` (base) that came in were left, for what stands in the way."""
    facts = {
        "amount": told(units, code=rule.currency, board=board, now=now),
        "into": rule.into,
    }
    _tell(rule.customer_id, "auto_convert.skipped", facts, refusal)


@takes_part
def tell_of_order(order: Order, refusal: DomainError) -> None:
    """Promise a notice that an order was canceled for what stands in its way."""
    facts = {
        "order": show(Order.PREFIX, order.id),
        "side": order.side.lower(),
        "asset": order.asset,
        "against": order.against,
    }
    _tell(order.customer_id, "order.canceled", facts, refusal)


@takes_part
def tell_of_slot(plan: RecurringBuy, refusal: DomainError) -> None:
    """Promise a notice that a slot of a recurring buy was skipped for what stands in its way."""
    facts = {
        "recurring_buy": show(RecurringBuy.PREFIX, plan.id),
        "slot_on": plan.next_on.isoformat(),
        "asset": plan.buy,
        "pay_with": plan.pay_with,
    }
    _tell(plan.customer_id, "recurring_buy.skipped", facts, refusal)


@takes_part
def tell_of_plan(plan: RecurringBuy, refusal: DomainError) -> None:
    """Promise a notice that a recurring buy was canceled for what stands in its way."""
    facts = {
        "recurring_buy": show(RecurringBuy.PREFIX, plan.id),
        "asset": plan.buy,
        "pay_with": plan.pay_with,
    }
    _tell(plan.customer_id, "recurring_buy.canceled", facts, refusal)


def _tell(customer_id: UUID, kind: str, facts: dict[str, Any], refusal: DomainError) -> None:
    notifications.promise(
        customer_id, kind, facts | {"reason": refusal.code, "message": refusal.title}
    )
