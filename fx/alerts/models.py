"""Prices that customers want to hear of."""

from django.db import models
from django.db.models import Q

from fx.alerts.rules import Direction
from krak.core.fields import AmountColumn
from krak.core.ids import show, uuid7

CODE_LENGTH = 16


class AlertDirection(models.TextChoices):
    """`Direction` as choices of a column."""

    ABOVE = Direction.ABOVE.value, "at or above"
    BELOW = Direction.BELOW.value, "at or below"


class AlertState(models.TextChoices):
    """Whether an alert waits for its price."""

    ACTIVE = "ACTIVE"
    RESTING = "RESTING", "fired, until its pause is over"
    FIRED = "FIRED", "fired for good"


class PriceAlert(models.Model):
    """One price of one asset in one currency; it fires once, or again after each pause."""

    PREFIX = "pal"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    asset = models.CharField(max_length=CODE_LENGTH)
    currency = models.CharField(max_length=CODE_LENGTH)
    direction = models.CharField(max_length=5, choices=AlertDirection)
    price = AmountColumn(help_text="of a shown unit, as it was asked for")
    base_price = models.DecimalField(
        max_digits=56, decimal_places=28, help_text="of a base unit: a split leaves it alone"
    )
    pause_hours = models.PositiveSmallIntegerField(null=True, help_text="empty: it fires once")
    fires = models.PositiveIntegerField(default=0)
    fired_at = models.DateTimeField(null=True, help_text="last")
    rests_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(price__gt=0, base_price__gt=0), name="an_alert_has_a_price"
            ),
            models.CheckConstraint(
                condition=Q(direction__in=AlertDirection.values),
                name="an_alert_looks_up_or_down",
            ),
            models.CheckConstraint(
                condition=Q(pause_hours=None, fires__lte=1)
                | Q(pause_hours__isnull=False, pause_hours__gte=1),
                name="an_alert_without_a_pause_fires_once",
            ),
            models.CheckConstraint(
                condition=Q(rests_until=None)
                | Q(pause_hours__isnull=False, fired_at__isnull=False),
                name="only_what_repeats_rests",
            ),
            models.CheckConstraint(
                condition=Q(fires=0, fired_at=None) | Q(fires__gt=0, fired_at__isnull=False),
                name="what_fired_says_when",
            ),
        )
        indexes = (
            # What the job reads: those that wait, by pair and price, so that only crossed are.
            models.Index(
                fields=["asset", "currency", "direction", "base_price"],
                condition=Q(rests_until=None) & (Q(fires=0) | Q(pause_hours__isnull=False)),
                name="alerts_that_wait",
            ),
            models.Index(
                fields=["rests_until"],
                condition=Q(rests_until__isnull=False),
                name="alerts_that_rest",
            ),
            models.Index(fields=["customer", "id"], name="alerts_of_a_customer"),
        )

    def __str__(self) -> str:
        return f"{self.asset} {self.direction.lower()} {self.price} {self.currency}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)

    @property
    def state(self) -> AlertState:
        """Whether it waits."""
        if self.rests_until is not None:
            return AlertState.RESTING
        if self.fires and self.pause_hours is None:
            return AlertState.FIRED
        return AlertState.ACTIVE
