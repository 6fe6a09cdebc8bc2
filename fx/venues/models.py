"""When venues trade, and what was ordered against trading: halts and wider spreads."""

from django.db import models
from django.db.models import F, Q

from fx.venues.rules import Reason, Sides
from krak.core.ids import uuid7

MAX_EXTRA_BPS = 5000
"""Half on each side: a bid is never cut by more than a quarter."""

_DAYS = [
    (0, "Monday"), (1, "Tuesday"), (2, "Wednesday"), (3, "Thursday"), (4, "Friday"),
    (5, "Saturday"), (6, "Sunday"),
]  # fmt: skip
_REASONS = [(each.value, each.value.capitalize().replace("_", " ")) for each in Reason]
_ONE_OF_THE_REASONS = Q(reason__in=[each.value for each in Reason])


class TradingSession(models.Model):
    """A stretch of New York's week in which venues of these hours trade."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hours = models.CharField(max_length=4, choices=[("24/7", "24/7"), ("24/5", "24/5")])
    opens_day = models.SmallIntegerField(choices=_DAYS)
    opens_at = models.TimeField(help_text="in New York")
    closes_day = models.SmallIntegerField(choices=_DAYS)
    closes_at = models.TimeField(help_text="in New York; when it opens means the whole week")

    class Meta:
        ordering = ("hours", "opens_day", "opens_at")
        constraints = (
            models.CheckConstraint(
                condition=Q(opens_day__range=(0, 6), closes_day__range=(0, 6)),
                name="a_session_is_within_a_week",
            ),
            models.UniqueConstraint(
                fields=["hours", "opens_day", "opens_at"], name="a_session_opens_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.hours} from {self.get_opens_day_display()} {self.opens_at:%H:%M}"


class MarketHoliday(models.Model):
    """A day without the US market: spreads of 24/5 shares are wide, trading goes on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    on = models.DateField(help_text="in New York")
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ("on",)
        constraints = (models.UniqueConstraint(fields=["on"], name="a_day_is_one_holiday"),)

    def __str__(self) -> str:
        return f"{self.name} {self.on}"


class Halt(models.Model):
    """An order to stop trading an asset. It can only be ended; what was ordered stays."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset = models.ForeignKey("assets.Asset", on_delete=models.PROTECT)
    sides = models.CharField(
        max_length=7, choices=[(each.value, each.value.capitalize()) for each in Sides]
    )
    reason = models.CharField(max_length=16, choices=_REASONS)
    note = models.CharField(max_length=200)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True, help_text="empty: until it is resumed")

    class Meta:
        ordering = ("-from_at",)
        indexes = (models.Index(fields=["until_at"], name="halts_by_end"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(sides__in=[each.value for each in Sides]),
                name="a_halt_stops_sides_we_know",
            ),
            models.CheckConstraint(
                condition=_ONE_OF_THE_REASONS, name="a_halt_has_a_reason_we_know"
            ),
            models.CheckConstraint(condition=~Q(note=""), name="a_halt_says_why"),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")),
                name="a_halt_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asset}: {self.sides.lower()}"


class Widening(models.Model):
    """An order to widen an asset's spread. It can only be ended; what was ordered stays."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset = models.ForeignKey("assets.Asset", on_delete=models.PROTECT)
    reason = models.CharField(max_length=16, choices=_REASONS)
    bps = models.IntegerField(help_text="added to the whole spread, in basis points of the middle")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-from_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["asset", "reason"],
                condition=Q(until_at=None),
                name="one_widening_of_an_asset_per_reason",
            ),
            models.CheckConstraint(
                condition=_ONE_OF_THE_REASONS, name="a_widening_has_a_reason_we_know"
            ),
            models.CheckConstraint(
                condition=Q(bps__gt=0, bps__lte=MAX_EXTRA_BPS),
                name="a_widening_widens_within_bounds",
            ),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")),
                name="a_widening_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asset}: {self.bps} bps more"
