"""Customers' units by when and at what cost they came, and what each disposal earned."""

from django.db import models
from django.db.models import F, Q

from krak.core.fields import AmountColumn, OwnKey
from krak.core.ids import uuid7


class Lot(models.Model):
    """Base units of one currency acquired at one moment; they leave first in, first out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    currency = models.CharField(max_length=16)
    quantity = AmountColumn()
    remaining = AmountColumn()
    cost = AmountColumn(help_text="of the whole lot, in the cost currency")
    cost_remaining = AmountColumn()
    cost_currency = models.CharField(max_length=16)
    acquired_at = models.DateTimeField()
    entry = OwnKey("ledger.JournalEntry", on_delete=models.PROTECT, db_index=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("quantity"), quantity__gt=0),
                name="a_lot_never_gives_more_than_it_has",
            ),
            models.CheckConstraint(
                condition=Q(cost_remaining__gte=0, cost_remaining__lte=F("cost")),
                name="a_lot_never_gives_more_cost_than_it_has",
            ),
        )
        indexes = (
            models.Index(
                fields=["customer", "currency", "acquired_at", "id"],
                name="lots_that_are_left",
                condition=Q(remaining__gt=0),
            ),
        )

    def __str__(self) -> str:
        return f"{self.remaining} of {self.quantity} {self.currency}"


class Disposal(models.Model):
    """Units that left one lot in one entry: gain = proceeds − cost basis. Append-only.

    A move leaves at what it cost, gains nothing, and is in no report of what was sold.
    """

    pk = models.CompositePrimaryKey("customer_id", "entry_id", "lot_id")
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    entry = OwnKey("ledger.JournalEntry", on_delete=models.PROTECT, db_index=False)
    lot = OwnKey(Lot, on_delete=models.PROTECT, db_index=False)
    currency = models.CharField(max_length=16)
    units = AmountColumn()
    cost_basis = AmountColumn()
    proceeds = AmountColumn()
    gain = models.GeneratedField(
        expression=F("proceeds") - F("cost_basis"),
        output_field=AmountColumn(),
        db_persist=True,
    )
    cost_currency = models.CharField(max_length=16)
    disposed_at = models.DateTimeField()
    is_move = models.BooleanField(
        default=False, db_default=False, help_text="moved elsewhere at cost, not sold"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(is_move=False) | Q(proceeds=F("cost_basis")),
                name="nothing_is_gained_by_a_move",
            ),
        )

    def __str__(self) -> str:
        return f"{self.units} {self.currency}"
