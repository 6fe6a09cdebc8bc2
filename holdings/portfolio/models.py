"""What each customer's holdings were worth at the end of each day."""

from django.db import models
from django.db.models import Q

from krak.core.fields import AmountColumn


class DayValue(models.Model):
    """The worth of what one customer had when a day ended in UTC, by the prices of that moment.

    Days on which a customer had nothing have no row.
    """

    pk = models.CompositePrimaryKey("customer_id", "valued_on")
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    valued_on = models.DateField(help_text="the day that ended")
    value = AmountColumn(help_text="in USD, at the middle of bid and ask")
    unpriced = models.SmallIntegerField(help_text="holdings that no price was known of")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(unpriced__gte=0), name="holdings_without_a_price_are_counted"
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.valued_on}"
