"""Trades, and what makes them by itself: limit orders, recurring buys, auto-convert rules."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from holdings.trading.rules.conversion import TRADE_PREFIX
from holdings.trading.rules.orders import OrderSide
from holdings.trading.rules.schedule import Frequency
from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import uuid7


class Trade(models.Model):
    """A conversion that was done, at the terms of its quote. Append-only."""

    PREFIX = TRADE_PREFIX

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    quote = OwnOneToOne("quotes.Quote", on_delete=models.PROTECT)
    entry = OwnOneToOne("ledger.JournalEntry", on_delete=models.PROTECT)
    gain = AmountColumn(help_text="realised on what was sold")
    gain_currency = models.CharField(max_length=16)
    executed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"trade of {self.quote}"


class OrderState(models.TextChoices):
    """What has become of an order; it follows from what happened to it."""

    OPEN = "OPEN"
    FILLED = "FILLED"
    CANCELED = "CANCELED"


class Order(models.Model):
    """Sell or buy `units` of an asset at a limit or better, whole or not at all, until canceled.

    `limit_units` (base units of `against`) is what a sale brings at least and a purchase costs at
    most, fee and spread included. What may have to be given is set aside by a hold.
    """

    PREFIX = "ord"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    side = models.CharField(max_length=4, choices=[(each.value, each.value) for each in OrderSide])
    asset = models.CharField(max_length=16)
    against = models.CharField(max_length=16)
    units = AmountColumn()
    limit_units = AmountColumn()
    limit_price = AmountColumn(help_text="as it was asked for, per shown unit")
    asset_multiplier = models.DecimalField(max_digits=28, decimal_places=18)
    against_multiplier = models.DecimalField(max_digits=28, decimal_places=18)
    trade = OwnOneToOne(Trade, on_delete=models.PROTECT, null=True)
    canceled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(
                fields=["asset", "against"],
                name="open_orders",
                condition=Q(trade=None, canceled_at=None),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(trade=None) | Q(canceled_at=None),
                name="an_order_is_not_both_filled_and_canceled",
            ),
            models.CheckConstraint(
                condition=Q(canceled_at=None, cancel_reason="")
                | (Q(canceled_at__isnull=False) & ~Q(cancel_reason="")),
                name="an_order_is_canceled_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(units__gt=0, limit_units__gt=0) & ~Q(asset=F("against")),
                name="an_order_exchanges_something_for_something_else",
            ),
        )

    def __str__(self) -> str:
        return f"{self.side} {self.units} {self.asset} for {self.limit_units} {self.against}"

    @property
    def state(self) -> OrderState:
        """What has become of it."""
        if self.trade_id is not None:
            return OrderState.FILLED
        return OrderState.OPEN if self.canceled_at is None else OrderState.CANCELED

    @property
    def hold_reference(self) -> str:
        """The name of the hold that sets aside what may have to be given."""
        return f"order:{self.id}"

    @property
    def gives(self) -> str:
        """The asset that is given."""
        return self.asset if self.side == OrderSide.SELL else self.against

    @property
    def gives_units(self) -> Decimal:
        """How much of it at most: all that is sold, or what a purchase costs at its limit."""
        units: Decimal = self.units if self.side == OrderSide.SELL else self.limit_units
        return units

    @property
    def gets(self) -> str:
        """The asset that is got."""
        return self.against if self.side == OrderSide.SELL else self.asset


class PlanState(models.TextChoices):
    """What a recurring buy is doing; it follows from what was done to it."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    CANCELED = "CANCELED"


class RecurringBuy(models.Model):
    """Buy for a fixed amount, on days of a local calendar.

    `amount` is in shown units of `pay_with`. The slot that comes next is `next_on`, at `next_at`.
    """

    PREFIX = "rcb"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    buy = models.CharField(max_length=16)
    pay_with = models.CharField(max_length=16)
    amount = AmountColumn()
    frequency = models.CharField(
        max_length=7, choices=[(each.value, each.value) for each in Frequency]
    )
    starts_on = models.DateField()
    at = models.TimeField(help_text="local time of day")
    time_zone = models.CharField(max_length=60)
    next_on = models.DateField()
    next_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(
                fields=["next_at"],
                name="recurring_buys_that_run",
                condition=Q(paused_at=None, canceled_at=None),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0) & ~Q(buy=F("pay_with")),
                name="a_plan_buys_something_with_something_else",
            ),
        )

    def __str__(self) -> str:
        return f"{self.frequency} {self.buy} for {self.amount} {self.pay_with}"

    @property
    def state(self) -> PlanState:
        """What it is doing."""
        if self.canceled_at is not None:
            return PlanState.CANCELED
        return PlanState.ACTIVE if self.paused_at is None else PlanState.PAUSED


class RunOutcome(models.TextChoices):
    """What came of one run."""

    TRADED = "TRADED"
    SKIPPED = "SKIPPED"


TRADED_OR_SKIPPED = Q(outcome=RunOutcome.TRADED, trade__isnull=False, reason="") | (
    Q(outcome=RunOutcome.SKIPPED, trade=None) & ~Q(reason="")
)


class RecurringRun(models.Model):
    """One slot of a recurring buy, and what came of it. Append-only."""

    PREFIX = "rcr"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    plan = OwnKey(RecurringBuy, on_delete=models.PROTECT, related_name="runs", db_index=False)
    slot_on = models.DateField()
    outcome = models.CharField(max_length=7, choices=RunOutcome)
    reason = models.CharField(max_length=60, blank=True, help_text="code of what stood in the way")
    trade = OwnOneToOne(Trade, on_delete=models.PROTECT, null=True)
    ran_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "slot_on"], name="a_slot_of_a_plan_runs_once"),
            models.CheckConstraint(
                condition=TRADED_OR_SKIPPED, name="a_run_traded_or_was_skipped_for_a_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.slot_on} {self.outcome}"


class AutoConvertRule(models.Model):
    """Turn a share of what comes in of one currency into another; one rule per currency."""

    PREFIX = "acv"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    currency = models.CharField(max_length=16)
    into = models.CharField(max_length=16)
    share_bps = models.PositiveSmallIntegerField(help_text="basis points of what comes in")
    minimum = AmountColumn(help_text="less than this (shown units) stays as it is")
    changed_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "currency"], name="a_currency_has_one_auto_convert_rule"
            ),
            models.CheckConstraint(
                condition=Q(share_bps__gte=1, share_bps__lte=10_000, minimum__gte=0)
                & ~Q(currency=F("into")),
                name="an_auto_convert_rule_turns_a_share_into_something_else",
            ),
        )

    def __str__(self) -> str:
        return f"{self.share_bps} bps of {self.currency} into {self.into}"


class AutoConvertRun(models.Model):
    """What a rule made of one credit. Append-only."""

    PREFIX = "acr"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    cause = models.CharField(max_length=160, help_text="of the entry that credited the money")
    currency = models.CharField(max_length=16)
    into = models.CharField(max_length=16)
    units = AmountColumn(help_text="base units that were to be converted")
    outcome = models.CharField(max_length=7, choices=RunOutcome)
    reason = models.CharField(max_length=60, blank=True, help_text="code of what stood in the way")
    trade = OwnOneToOne(Trade, on_delete=models.PROTECT, null=True)
    ran_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "cause"], name="a_credit_is_converted_once"
            ),
            models.CheckConstraint(
                condition=TRADED_OR_SKIPPED,
                name="an_auto_convert_run_traded_or_was_skipped_for_a_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.cause} {self.outcome}"
