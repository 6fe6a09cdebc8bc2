"""Quotes, and the dated rows that say what they cost and how long they hold."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q

from fx.quotes.rules import QUOTE_PREFIX, RATE_PLACES, Fixed, Source
from krak.core.fields import AmountColumn
from krak.core.ids import show, uuid7

SOURCES = (
    (Source.CUSTOMER.value, "Customer"),
    (Source.ORDER.value, "limit order"),
    (Source.RECURRING.value, "recurring buy"),
    (Source.AUTO_CONVERT.value, "auto-convert rule"),
    (Source.DELISTING.value, "delisting"),
)


class FeeSchedule(models.Model):
    """What conversions cost from a moment on. Never edited: a change is a newer row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    effective_at = models.DateTimeField()
    fee_bps = models.PositiveSmallIntegerField(help_text="basis points of what is sold")
    minimum_fee_usd = AmountColumn(help_text="no less than this, in USD")
    free_with = ArrayField(
        models.CharField(max_length=16),
        blank=True,
        help_text="with one of these on either side there is no fee",
    )
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        indexes = (models.Index(fields=["-effective_at"], name="fee_schedule_in_force"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(fee_bps__lte=5000, minimum_fee_usd__gte=0),
                name="a_fee_leaves_at_least_half",
            ),
        )

    def __str__(self) -> str:
        return f"{self.fee_bps} bps from {self.effective_at:%Y-%m-%d %H:%M}"


class QuotePolicy(models.Model):
    """How long quotes hold and how much they may be for, from a moment on. Never edited."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    effective_at = models.DateTimeField()
    valid_seconds = models.PositiveSmallIntegerField()
    minimum_usd = AmountColumn(help_text="worth of the smallest conversion")
    maximum_usd = AmountColumn(help_text="worth of the largest conversion")
    daily_maximum_usd = AmountColumn(help_text="worth of a customer's conversions in 24 hours")
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        verbose_name_plural = "quote policies"
        indexes = (models.Index(fields=["-effective_at"], name="quote_policy_in_force"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    valid_seconds__gte=1,
                    minimum_usd__gte=0,
                    maximum_usd__gte=F("minimum_usd"),
                    daily_maximum_usd__gte=F("maximum_usd"),
                ),
                name="a_quote_policy_lets_something_through",
            ),
        )

    def __str__(self) -> str:
        return f"quote policy from {self.effective_at:%Y-%m-%d %H:%M}"


class State(models.TextChoices):
    """What has become of a quote; it follows from its times."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"


class Quote(models.Model):
    """A firm price until `expires_at`, for one use. Its terms never change.

    Amounts are base units; fee and spread are in, and part of, what is sold. `home_value` is what
    the bought asset is worth in the customer's home currency: proceeds of what is sold, cost of
    what is bought.
    """

    PREFIX = QUOTE_PREFIX

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    source = models.CharField(max_length=12, choices=SOURCES)
    fixed = models.CharField(max_length=4, choices=[(each.value, each.value) for each in Fixed])
    sell_currency = models.CharField(max_length=16)
    sell_units = AmountColumn()
    buy_currency = models.CharField(max_length=16)
    buy_units = AmountColumn()
    fee = AmountColumn(help_text="in the sold asset")
    spread = AmountColumn(help_text="in the sold asset")
    rate = models.DecimalField(
        max_digits=80,
        decimal_places=RATE_PLACES,
        help_text="shown units sold for one shown unit bought, at the middle of both prices",
    )
    usd_value = AmountColumn(help_text="what limits count")
    home_currency = models.CharField(max_length=16)
    home_value = AmountColumn(help_text="of what is bought, in the home currency")
    prices = models.JSONField(help_text="both legs as they stood on the board")
    board_version = models.BigIntegerField()
    fee_schedule = models.ForeignKey(FeeSchedule, on_delete=models.PROTECT, db_index=False)
    policy = models.ForeignKey(QuotePolicy, on_delete=models.PROTECT, db_index=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["customer", "accepted_at"],
                name="accepted_quotes_of_a_day",
                condition=Q(accepted_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="quotes_nobody_took",
                condition=Q(accepted_at=None),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(sell_currency=F("buy_currency")),
                name="a_quote_is_for_two_assets",
            ),
            models.CheckConstraint(
                condition=Q(sell_units__gt=0, buy_units__gt=0),
                name="a_quote_sells_and_buys_something",
            ),
            models.CheckConstraint(
                condition=Q(fee__gte=0, spread__gte=0, sell_units__gte=F("fee") + F("spread")),
                name="fee_and_spread_are_part_of_what_is_sold",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None)
                | Q(accepted_at__gte=F("created_at"), accepted_at__lt=F("expires_at")),
                name="a_quote_is_accepted_while_it_holds",
            ),
            models.CheckConstraint(
                condition=Q(source=Source.CUSTOMER) | Q(accepted_at__isnull=False),
                name="only_a_customers_quote_waits",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sell_currency} to {self.buy_currency}, {show(self.PREFIX, self.id)}"
