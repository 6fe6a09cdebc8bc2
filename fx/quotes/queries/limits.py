"""The dated rows that are in force, and the limits that they set."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import QuerySet, Sum

from fx.quotes.models import FeeSchedule, Quote, QuotePolicy
from fx.quotes.rules import MOST_UNITS, Fees, Source
from krak.core.compiled import compiled
from krak.core.errors import DomainError, Kind
from krak.core.money import plain

DAY: Final = timedelta(hours=24)


class BelowMinimum(DomainError):
    """The conversion is worth too little."""

    code = "quotes.below_minimum"
    title = "This is less than the smallest conversion."
    kind = Kind.REFUSED


class AboveMaximum(DomainError):
    """The conversion is worth more than one may be."""

    code = "quotes.above_maximum"
    title = "This is more than the largest conversion."
    kind = Kind.REFUSED


class AboveDailyMaximum(DomainError):
    """With what was converted in the last 24 hours it would be too much."""

    code = "quotes.above_daily_maximum"
    title = "This is more than you can convert in 24 hours."
    kind = Kind.REFUSED


class AmountTooLarge(DomainError):
    """One of the amounts is beyond what the ledger keeps."""

    code = "quotes.amount_too_large"
    title = "The amount is too large to be reckoned with."


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The dated rows that are in force."""

    schedule: FeeSchedule
    policy: QuotePolicy

    @property
    def fees(self) -> Fees:
        """What a conversion is charged."""
        return Fees(
            bps=self.schedule.fee_bps,
            minimum_usd=self.schedule.minimum_fee_usd,
            free_with=frozenset(self.schedule.free_with),
        )


def terms_in_force(*, at: datetime) -> Terms:
    """Return the fees and limits that hold at `at`."""
    schedule, policy = _schedules.first(at), _policies.first(at)
    if schedule is None or policy is None:
        raise LookupError(f"no fee schedule or quote policy in force at {at}")
    return Terms(schedule=schedule, policy=policy)


@compiled
def _schedules(at: datetime) -> QuerySet[FeeSchedule]:
    return FeeSchedule.objects.filter(effective_at__lte=at).order_by("-effective_at", "-id")[:1]


@compiled
def _policies(at: datetime) -> QuerySet[QuotePolicy]:
    return QuotePolicy.objects.filter(effective_at__lte=at).order_by("-effective_at", "-id")[:1]


def require_countable(*units: Decimal) -> None:
    """Refuse base units that are none, or more than the ledger keeps.

    Raises:
        BelowMinimum, AmountTooLarge: one of them is.
    """
    if min(units) <= 0:
        raise BelowMinimum
    if max(units) >= MOST_UNITS:
        raise AmountTooLarge


def require_within_limits(value: Decimal, *, policy: QuotePolicy) -> None:
    """Refuse a conversion worth `value` USD that is too small or too large.

    Raises:
        BelowMinimum, AboveMaximum: it is.
    """
    if value < policy.minimum_usd:
        raise BelowMinimum(minimum_usd=plain(policy.minimum_usd), worth_usd=plain(value))
    if value > policy.maximum_usd:
        raise AboveMaximum(maximum_usd=plain(policy.maximum_usd), worth_usd=plain(value))


def converted_since(moment: datetime, *, customer_id: UUID) -> Decimal:
    """Return what a customer's conversions after a moment were worth in dollars.

    What became cash because it was delisted was nobody's wish, and does not count.
    """
    found: Decimal = (
        Quote.objects.filter(customer_id=customer_id, accepted_at__gt=moment)
        .exclude(source=Source.DELISTING)
        .aggregate(total=Sum("usd_value", default=Decimal(0)))["total"]
    )
    return found


def require_within_day(
    value: Decimal, *, policy: QuotePolicy, customer_id: UUID, now: datetime
) -> None:
    """Refuse what would, with the last 24 hours, be worth too much. Final only under a lock.

    Raises:
        AboveDailyMaximum: it would.
    """
    converted_before = converted_since(now - DAY, customer_id=customer_id)
    if converted_before + value > policy.daily_maximum_usd:
        left = max(Decimal(0), policy.daily_maximum_usd - converted_before)
        raise AboveDailyMaximum(
            daily_maximum_usd=plain(policy.daily_maximum_usd), left_usd=plain(left)
        )
