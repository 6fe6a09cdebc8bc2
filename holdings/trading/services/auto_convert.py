"""Rules that turn a share of incoming money into something else."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from fx.assets import queries as assets
from fx.prices import live
from fx.prices.rules import Board
from fx.quotes import queries as pricing
from fx.quotes.rules import Fixed, Source
from holdings.ledger import services as ledger
from holdings.trading import queries
from holdings.trading.models import AutoConvertRule, AutoConvertRun, RunOutcome, Trade
from holdings.trading.services.conversions import convert
from holdings.trading.services.telling import tell_of_rule, tell_of_trade
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.money import floor_to, plain
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part
from krak.customers.models import Customer
from krak.customers.queries import customer as customer_of

TOPIC: Final = "trading.auto_convert"
BASIS_POINTS: Final = Decimal(10_000)


class Waits(Exception):
    """There is no price to convert at yet."""


@takes_part
def set_rule(
    *,
    customer: Customer,
    currency: str,
    into: str,
    share_bps: int,
    minimum: Decimal,
    board: Board,
    now: datetime,
) -> AutoConvertRule:
    """Have `share_bps` of what comes in of `currency` converted, from now on.

    It takes the place of the rule that the currency had.

    Raises:
        UnknownAsset, SameAsset, NoPriceNow: see `fx.quotes`.
        What `fx.quotes.queries.require_allowed` raises.
    """
    ledger.lock_books([customer.id])
    pair = pricing.pair_of(currency, into, board=board)
    pricing.require_allowed(pair=pair, customer=customer, now=now)
    rule, _new = AutoConvertRule.objects.update_or_create(
        customer=customer,
        currency=currency,
        defaults={
            "into": into, "share_bps": share_bps, "minimum": minimum, "changed_at": now,
        },
        create_defaults={
            "id": uuid7(), "into": into, "share_bps": share_bps, "minimum": minimum,
            "changed_at": now, "created_at": now,
        },
    )  # fmt: skip
    return rule


@takes_part
def drop_rule(*, customer_id: UUID, currency: str) -> None:
    """Leave what comes in of a currency as it is.

    Raises:
        RuleNotFound: there is no rule for it.
    """
    ledger.lock_books([customer_id])
    queries.rule_of(customer_id=customer_id, currency=currency).delete()


@takes_part
def promise_auto_convert(*, customer_id: UUID, currency: str, amount: Decimal, cause: str) -> None:
    """Promise that the customer's rule sees a credit of `amount` (base units) after the commit.

    Whoever credits money calls this in the same transaction; `cause` is that of its entry.
    Without a rule for the currency nothing is promised.
    """
    if AutoConvertRule.objects.filter(customer_id=customer_id, currency=currency).exists():
        outbox.promise(
            TOPIC,
            {
                "customer": str(customer_id),
                "currency": currency,
                "amount": plain(amount),
                "cause": cause,
            },
        )


@takes_part
def apply_auto_convert(
    *,
    customer_id: UUID,
    currency: str,
    amount: Decimal,
    cause: str,
    waits: bool,
    now: datetime,
) -> AutoConvertRun | None:
    """Convert what the customer's rule asks for of a credit, once per `cause`, and tell them.

    `amount` is in base units. Returns None when no rule asks for anything, or the credit was seen
    before. What stands in the way is kept with the run.

    Raises:
        Waits: there is no price to convert at yet, and it `waits` for one.
    """
    ledger.lock_books([customer_id])
    rule = AutoConvertRule.objects.filter(customer_id=customer_id, currency=currency).first()
    if rule is None or AutoConvertRun.objects.filter(customer_id=customer_id, cause=cause).exists():
        return None
    board = live.current()
    places = assets.facts(currency).decimals
    units = floor_to(amount * rule.share_bps / BASIS_POINTS, places)
    if units <= 0 or amount * board.multiplier(currency, now) < rule.minimum:
        return None
    trade, reason = None, ""
    try:
        trade = _convert(rule, units, board=board, now=now)
    except DomainError as refusal:
        if refusal.retryable and waits:
            raise Waits from refusal
        reason = refusal.code
        tell_of_rule(rule, units, refusal, board=board, now=now)
    else:
        tell_of_trade("auto_convert.converted", trade, board=board, now=now)
    return AutoConvertRun.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        cause=cause,
        currency=currency,
        into=rule.into,
        units=units,
        outcome=RunOutcome.TRADED if trade else RunOutcome.SKIPPED,
        reason=reason,
        trade=trade,
        ran_at=now,
    )


def _convert(rule: AutoConvertRule, units: Decimal, *, board: Board, now: datetime) -> Trade:
    return convert(
        customer=customer_of(rule.customer_id),
        pair=pricing.pair_of(rule.currency, rule.into, board=board),
        fixed=Fixed.SELL,
        units=units,
        source=Source.AUTO_CONVERT,
        now=now,
    )
