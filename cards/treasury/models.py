"""The money that lies at Stripe for cards to spend: its bounds, its readings, its top-ups."""

from django.db import models
from django.db.models import F, Q

from krak.core.fields import AmountColumn
from krak.core.ids import uuid7


class FloatRule(models.Model):
    """How much should lie at Stripe in a currency, from a moment on. A change is a newer row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    currency = models.CharField(max_length=3)
    effective_at = models.DateTimeField()
    floor = AmountColumn(help_text="top up when less is there and on its way")
    target = AmountColumn(help_text="top up to this")
    most_per_top_up = AmountColumn()
    most_per_day = AmountColumn(help_text="per UTC day; more needs a person")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    floor__gte=0, target__gte=F("floor"), most_per_top_up__gt=0, most_per_day__gte=0
                ),
                name="a_float_is_filled_up_from_its_floor",
            ),
            models.UniqueConstraint(
                fields=["currency", "effective_at"], name="one_float_rule_at_a_moment"
            ),
        )

    def __str__(self) -> str:
        return f"{self.currency} float from {self.effective_at:%Y-%m-%d %H:%M}"


class FloatReading(models.Model):
    """What lay at Stripe, and what was on its way there, when we looked."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    currency = models.CharField(max_length=3)
    available = AmountColumn()
    on_its_way = AmountColumn()
    read_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["currency", "-read_at"], name="newest_float_reading"),)

    def __str__(self) -> str:
        return f"{self.available} {self.currency} at {self.read_at:%Y-%m-%d %H:%M}"


class State(models.TextChoices):
    """Where a top-up stands; after SENT the words are Stripe's, in capitals."""

    INTENDED = "INTENDED"
    SENT = "SENT"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    REVERSED = "REVERSED"


class TopUp(models.Model):
    """Money sent to the Issuing balance: first meant, then sent, then there."""

    PREFIX = "top"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    currency = models.CharField(max_length=3)
    amount = AmountColumn()
    state = models.CharField(max_length=10, choices=State, default=State.INTENDED)
    stripe_id = models.CharField(max_length=64, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True)
    intended_at = models.DateTimeField()
    promised_at = models.DateTimeField(null=True, help_text="again, because it was not sent")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_top_up_moves_something"),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="a_top_up_has_a_known_state"
            ),
            models.UniqueConstraint(
                fields=["stripe_id"],
                condition=~Q(stripe_id=""),
                name="a_stripe_top_up_is_one_top_up",
            ),
        )
        indexes = (models.Index(fields=["currency", "-intended_at"], name="newest_top_ups"),)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.state}"
