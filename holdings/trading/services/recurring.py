"""Recurring buys: started, paused, resumed, canceled, and run once per slot."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fx.prices.rules import Board
from fx.quotes import queries as pricing
from fx.quotes.rules import Fixed, Source, usd_value
from holdings.ledger import services as ledger
from holdings.trading import queries
from holdings.trading.models import RecurringBuy, RecurringRun, RunOutcome, Trade
from holdings.trading.rules.schedule import Frequency, due_at, next_slot
from holdings.trading.services.conversions import convert
from holdings.trading.services.passes import each_alone
from holdings.trading.services.telling import tell_of_plan, tell_of_slot, tell_of_trade
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.money import is_exact
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer
from krak.customers.queries import customer as customer_of

MOST_PLANS: Final = 50
PATIENCE: Final = timedelta(hours=1)
"""How long a run waits for a price that is missing or stale."""
MISSED: Final = "missed"
"""Nobody was there to run the slot before the next one was due."""


class TooManyPlans(DomainError):
    """The customer has as many recurring buys as one may have."""

    code = "trading.too_many_plans"
    title = f"There can be {MOST_PLANS} recurring buys at a time."
    kind = Kind.REFUSED


class StartInThePast(DomainError):
    """A recurring buy begins today or later."""

    code = "trading.start_in_the_past"
    title = "A recurring buy begins today or later."


class PlanCanceled(DomainError):
    """A canceled recurring buy stays canceled."""

    code = "trading.plan_canceled"
    title = "This recurring buy was canceled."
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """A recurring buy to start. `amount` is in shown units of `pay_with`."""

    buy: str
    pay_with: str
    amount: Decimal
    frequency: Frequency
    starts_on: date | None
    """None: today, where the customer is."""
    at: time
    time_zone: str


@takes_part
def start(wanted: NewPlan, *, customer: Customer, board: Board, now: datetime) -> RecurringBuy:
    """Start a recurring buy; a first slot whose time has passed today is run at once.

    Raises:
        UnknownAsset, SameAsset, NoPriceNow, AmountTooFine: see `fx.quotes`.
        What `fx.quotes.queries.require_allowed` raises.
        StartInThePast: it would have begun before today.
        TooManyPlans: there are `MOST_PLANS` already.
    """
    ledger.lock_books([customer.id])
    pair = pricing.pair_of(wanted.pay_with, wanted.buy, board=board)
    pricing.require_allowed(pair=pair, customer=customer, now=now)
    if not is_exact(wanted.amount, pair.sold.places):
        # As shares are shown today; by the multiplier of a later slot it would be no amount.
        raise pricing.AmountTooFine(asset=wanted.pay_with, decimals=pair.sold.places)
    units = pricing.in_base_units(wanted.amount, pair.sold, up=False)
    pricing.require_countable(units)
    pricing.require_within_limits(
        usd_value(units, pair.sold), policy=pricing.terms_in_force(at=now).policy
    )
    today = now.astimezone(ZoneInfo(wanted.time_zone)).date()
    starts_on = wanted.starts_on or today
    if starts_on < today:
        raise StartInThePast(today=today.isoformat())
    running = RecurringBuy.objects.filter(customer=customer, canceled_at=None)
    if running.count() >= MOST_PLANS:
        raise TooManyPlans
    return RecurringBuy.objects.create(
        id=uuid7(),
        customer=customer,
        buy=wanted.buy,
        pay_with=wanted.pay_with,
        amount=wanted.amount,
        frequency=wanted.frequency.value,
        starts_on=starts_on,
        at=wanted.at,
        time_zone=wanted.time_zone,
        next_on=starts_on,
        next_at=due_at(starts_on, wanted.at, wanted.time_zone),
        created_at=now,
    )


@takes_part
def pause(*, plan_id: UUID, customer_id: UUID, now: datetime) -> RecurringBuy:
    """Let no slot run until `resume`; again is harmless.

    Raises:
        PlanNotFound: there is none, or it is another customer's.
        PlanCanceled: it will never run again.
    """
    plan = _changeable(plan_id, customer_id)
    if plan.paused_at is None:
        plan.paused_at = now
        plan.save(update_fields=["paused_at"])
    return plan


@takes_part
def resume(*, plan_id: UUID, customer_id: UUID, now: datetime) -> RecurringBuy:
    """Go on with the first slot that is still to come; again is harmless.

    Raises:
        PlanNotFound, PlanCanceled: see `pause`.
    """
    plan = _changeable(plan_id, customer_id)
    if plan.paused_at is not None:
        plan.paused_at = None
        while plan.next_at <= now:
            _advance(plan)
        plan.save(update_fields=["paused_at", "next_on", "next_at"])
    return plan


@takes_part
def cancel(*, plan_id: UUID, customer_id: UUID, now: datetime) -> RecurringBuy:
    """End a recurring buy for good; again is harmless.

    Raises:
        PlanNotFound: there is none, or it is another customer's.
    """
    ledger.lock_books([customer_id])
    plan = queries.plan_of(plan_id=plan_id, customer_id=customer_id)
    if plan.canceled_at is None:
        plan.canceled_at = now
        plan.save(update_fields=["canceled_at"])
    return plan


@takes_part
def end_those_that_buy(
    asset: str, refusal: DomainError, *, customer_id: UUID, now: datetime
) -> None:
    """Cancel a customer's recurring buys of an asset, and tell of each; the book must be locked."""
    for plan in queries.plans(customer_id=customer_id).filter(buy=asset, canceled_at=None):
        plan.canceled_at = now
        plan.save(update_fields=["canceled_at"])
        tell_of_plan(plan, refusal)


def run_due(*, board: Board, now: datetime) -> int:
    """Run what is due, each plan in a transaction of its own; return how many slots ran."""
    return each_alone(
        queries.due_plans(now=now),
        lambda plan: run(plan_id=plan.id, customer_id=plan.customer_id, board=board, now=now),
    )


@transaction
def run(*, plan_id: UUID, customer_id: UUID, board: Board, now: datetime) -> RecurringRun | None:
    """Run the newest due slot of a plan, once; return its run, or None when nothing was due.

    Slots that nobody ran before the next one was due are skipped as missed, so that a long pause
    of ours does not end in several buys at once. Without a usable price the slot waits a while.
    The customer is told of what was bought, and of a slot that was refused.
    """
    ledger.lock_books([customer_id])
    plan = queries.plan_of(plan_id=plan_id, customer_id=customer_id)
    if plan.paused_at or plan.canceled_at or plan.next_at > now:
        return None
    while _after(plan)[1] <= now:
        _keep(plan, None, reason=MISSED, now=now)
        _advance(plan)
    customer = customer_of(customer_id)
    trade, reason = None, ""
    try:
        trade = _buy(plan, customer=customer, board=board, now=now)
    except DomainError as refusal:
        if refusal.retryable and now < plan.next_at + PATIENCE:
            plan.save(update_fields=["next_on", "next_at"])
            return None
        reason = refusal.code
        tell_of_slot(plan, refusal)
    else:
        tell_of_trade(
            "recurring_buy.bought", trade, board=board, now=now,
            recurring_buy=show(RecurringBuy.PREFIX, plan.id),
        )  # fmt: skip
    done = _keep(plan, trade, reason=reason, now=now)
    _advance(plan)
    plan.save(update_fields=["next_on", "next_at"])
    return done


def _buy(plan: RecurringBuy, *, customer: Customer, board: Board, now: datetime) -> Trade:
    pair = pricing.pair_of(plan.pay_with, plan.buy, board=board)
    return convert(
        customer=customer,
        pair=pair,
        fixed=Fixed.SELL,
        units=pricing.in_base_units(plan.amount, pair.sold, up=False),
        source=Source.RECURRING,
        now=now,
    )


def _keep(plan: RecurringBuy, trade: Trade | None, *, reason: str, now: datetime) -> RecurringRun:
    return RecurringRun.objects.create(
        id=uuid7(),
        customer_id=plan.customer_id,
        plan=plan,
        slot_on=plan.next_on,
        outcome=RunOutcome.TRADED if trade else RunOutcome.SKIPPED,
        reason=reason,
        trade=trade,
        ran_at=now,
    )


def _after(plan: RecurringBuy) -> tuple[date, datetime]:
    day = next_slot(plan.starts_on, Frequency(plan.frequency), after=plan.next_on)
    return day, due_at(day, plan.at, plan.time_zone)


def _advance(plan: RecurringBuy) -> None:
    plan.next_on, plan.next_at = _after(plan)


def _changeable(plan_id: UUID, customer_id: UUID) -> RecurringBuy:
    ledger.lock_books([customer_id])
    plan = queries.plan_of(plan_id=plan_id, customer_id=customer_id)
    if plan.canceled_at is not None:
        raise PlanCanceled
    return plan
