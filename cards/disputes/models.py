"""Disputed purchases: what Stripe said of them, and what has moved for them."""

from django.db import models
from django.db.models import Q

from krak.core.fields import AmountColumn
from krak.core.ids import uuid7


class Dispute(models.Model):
    """One Stripe dispute of one capture. Amounts in the card's currency.

    The four times are what Stripe has said; the three amounts are what was posted for it.
    """

    PREFIX = "dsp"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    transaction = models.ForeignKey("clearing.CardTransaction", on_delete=models.PROTECT)
    stripe_id = models.CharField(max_length=64)
    amount = AmountColumn()
    currency = models.CharField(max_length=3)
    submitted_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    reinstated_at = models.DateTimeField(null=True)
    rescinded_at = models.DateTimeField(null=True)
    reinstated_amount = AmountColumn(default=0, help_text="what the network gave back")
    credited = AmountColumn(default=0, help_text="to the customer, net")
    from_suspense = AmountColumn(default=0, help_text="of it, on the house's word")
    from_network = AmountColumn(default=0, help_text="received from the network, net")
    movements = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "stripe_id"], name="a_stripe_dispute_is_one_dispute"
            ),
            models.CheckConstraint(
                condition=Q(credited__gte=0, from_suspense__gte=0, from_network__gte=0),
                name="nothing_is_taken_back_that_was_not_given",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.stripe_id}"
