"""Statements as they were issued."""

from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import F, Q

from holdings.statements.rules import Month, in_shown_units
from krak.core.ids import show, uuid7


class Statement(models.Model):
    """A customer's month, as it was when it was issued. Append-only.

    It covers the entries from `first_sequence` to `last_sequence`, in which nothing can come any
    more: an entry that is written later has a higher number, whenever it happened in the world.
    """

    PREFIX = "stm"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    month_on = models.DateField(help_text="first day of the month, in UTC")
    first_sequence = models.BigIntegerField()
    last_sequence = models.BigIntegerField(help_text="one less than the first: nothing moved")
    facts = models.JSONField(help_text="all that it says; amounts in base units, as text")
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the facts as canonical JSON")
    issued_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "month_on"], name="a_month_has_one_statement"
            ),
            models.CheckConstraint(
                condition=Q(month_on__day=1), name="a_statement_begins_with_its_month"
            ),
            models.CheckConstraint(
                condition=Q(last_sequence__gte=F("first_sequence") - 1),
                name="a_statement_ends_after_it_begins",
            ),
        )

    def __str__(self) -> str:
        return f"{self.month} of {self.customer_id}"

    @property
    def month(self) -> Month:
        """The month it is of."""
        return Month(self.month_on.year, self.month_on.month)

    @cached_property
    def shown(self) -> dict[str, Any]:
        """All that it says, in shown units."""
        return in_shown_units(self.facts)

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)
