"""Disputed purchases: what their owner says, what Stripe said of them, and what has moved."""

from django.db import models
from django.db.models import Q

from krak.core.fields import AmountColumn, OwnKey
from krak.core.ids import uuid7
from krak.stripe.rows import Told


class Reason(models.TextChoices):
    """Why a purchase is disputed; the values are Stripe's, in capitals."""

    CANCELED = "CANCELED"
    DUPLICATE = "DUPLICATE"
    FRAUDULENT = "FRAUDULENT"
    MERCHANDISE_NOT_AS_DESCRIBED = "MERCHANDISE_NOT_AS_DESCRIBED"
    NOT_RECEIVED = "NOT_RECEIVED"
    NO_VALID_AUTHORIZATION = "NO_VALID_AUTHORIZATION"
    OTHER = "OTHER"
    SERVICE_NOT_AS_DESCRIBED = "SERVICE_NOT_AS_DESCRIBED"


class Status(models.TextChoices):
    """How a dispute stands for its owner."""

    OPEN = "OPEN"
    SENT = "SENT", "on its way to Stripe"
    REFUSED = "REFUSED", "refused by Stripe"
    SUBMITTED = "SUBMITTED"
    WON = "WON"
    LOST = "LOST"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


class Dispute(Told):
    """One dispute of one capture. Amounts in the card's currency.

    One that its owner opened has `opened_at`; Stripe hears of it once they submit it. One that
    was made at Stripe has only what Stripe says. Four of the times are what Stripe has said; the
    last amounts are what was posted for it.
    """

    PREFIX = "dsp"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    transaction = OwnKey("clearing.CardTransaction", on_delete=models.PROTECT)
    stripe_id = models.CharField(max_length=64, blank=True, default="")
    reason = models.CharField(max_length=32, choices=Reason, blank=True, default="")
    explanation = models.TextField(blank=True, default="")
    evidence = models.JSONField(default=dict, help_text="what its reason asks for, in API names")
    amount = AmountColumn()
    currency = models.CharField(max_length=3)
    opened_at = models.DateTimeField(null=True, help_text="by its owner")
    deadline_at = models.DateTimeField(null=True, help_text="until when it can be submitted")
    sent_at = models.DateTimeField(null=True, help_text="when its owner said so")
    withdrawn_at = models.DateTimeField(null=True)
    expired_at = models.DateTimeField(null=True)
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
                fields=["customer", "stripe_id"],
                condition=~Q(stripe_id=""),
                name="a_stripe_dispute_is_one_dispute",
            ),
            models.UniqueConstraint(
                fields=["customer", "transaction"],
                condition=Q(opened_at__isnull=False, withdrawn_at=None, expired_at=None),
                name="a_purchase_is_disputed_once",
            ),
            models.CheckConstraint(
                condition=Q(credited__gte=0, from_suspense__gte=0, from_network__gte=0),
                name="nothing_is_taken_back_that_was_not_given",
            ),
            models.CheckConstraint(
                condition=~Q(stripe_id="")
                | Q(
                    opened_at__isnull=False,
                    deadline_at__isnull=False,
                    amount__gt=0,
                    movements=0,
                ),
                name="a_dispute_is_its_owners_or_stripes",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(stripe_id=""),
                name="a_withdrawn_dispute_is_not_at_stripe",
            ),
            models.CheckConstraint(
                condition=Q(asked_at=None) | Q(sent_at__isnull=False),
                name="stripe_is_told_what_its_owner_submitted",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.stripe_id or self.shown_id}"

    @property
    def status(self) -> Status:
        """How it stands; the last word of the network wins, in whatever order it was heard."""
        standings = (
            (self.rescinded_at, Status.LOST),
            (self.reinstated_at, Status.WON),
            (self.lost_at, Status.LOST),
            (self.submitted_at, Status.SUBMITTED),
            (self.expired_at, Status.EXPIRED),
            (self.withdrawn_at, Status.WITHDRAWN),
            (self.refusal, Status.REFUSED),
            (self.sent_at or self.stripe_id, Status.SENT),
        )
        return next((status for is_so, status in standings if is_so), Status.OPEN)
