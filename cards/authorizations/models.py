"""Authorizations, the decisions on them with everything they were made from, and strays."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from cards.authorizations.rules import Status
from krak.core.fields import AmountColumn, OwnKey
from krak.core.ids import show, uuid7
from krak.core.money import plain


class Authorization(models.Model):
    """The network asks, we promise: one row per Stripe authorization, whatever became of it."""

    PREFIX = "auth"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    card = OwnKey("issuing.Card", on_delete=models.PROTECT)
    stripe_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    status = models.CharField(
        max_length=10,
        choices=[(each.value, each.value.capitalize()) for each in Status],
        default=Status.PENDING.value,
    )
    approved = models.BooleanField(help_text="by us or by the network")
    amount = AmountColumn(help_text="approved so far")
    captured = AmountColumn(default=0, db_default=0)
    steps = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="requests that the newest snapshot reflects"
    )
    network_approved = models.BooleanField(
        null=True, help_text="whether the newest of these was approved, by whomever"
    )
    network_reason = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="why, in Stripe's words"
    )
    merchant_name = models.CharField(max_length=120, blank=True)
    merchant_network_id = models.CharField(max_length=64, blank=True)
    merchant_country = models.CharField(max_length=2, blank=True)
    mcc = models.CharField(max_length=4, blank=True)
    flags = ArrayField(models.CharField(max_length=40), default=list, db_default=[])
    last_event_at = models.DateTimeField(null=True, help_text="newest Stripe event applied")
    snapshot_at = models.DateTimeField(null=True, help_text="newest of its snapshots applied")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    answered: "list[Decision]"
    """The decisions on it by step, where `queries` brought them along."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "stripe_id"],
                name="a_stripe_authorization_is_one_authorization",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[each.value for each in Status]),
                name="an_authorization_has_a_known_status",
            ),
        )
        indexes = (models.Index(fields=["stripe_id"], name="authorizations_by_stripe"),)

    def __str__(self) -> str:
        return f"{self.merchant_name or self.stripe_id} {plain(self.amount)} {self.currency}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)

    @property
    def hold_reference(self) -> str:
        """The reference of the one hold that this authorization places."""
        return hold_reference(self.stripe_id)


def hold_reference(stripe_authorization_id: str) -> str:
    """Return the reference of an authorization's hold."""
    return f"authorization:{stripe_authorization_id}"


class Outcome(models.TextChoices):
    """What we answered."""

    APPROVED = "APPROVED"
    PARTIAL = "PARTIAL", "partially approved"
    DECLINED = "DECLINED"


class Decision(models.Model):
    """One answer to one request, with the request and everything that was read to judge it.

    The key is (authorization, step): the same request again gets the stored answer.
    """

    PREFIX = "dec"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    authorization = OwnKey(
        Authorization, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    step = models.PositiveSmallIntegerField(help_text="length of request_history when asked")
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=40, blank=True)
    asked = AmountColumn()
    approved_amount = AmountColumn()
    cash_amount = AmountColumn(help_text="the part that counts as cash")
    held = AmountColumn(help_text="set aside by this decision")
    # Policies are not dropped. A foreign key would have all customers' decisions lock one row.
    policy = models.ForeignKey(
        "issuing.Policy", on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False
    )
    board_version = models.BigIntegerField()
    book_version = models.BigIntegerField()
    request = models.JSONField()
    inputs = models.JSONField(help_text="the snapshot and the prices: a replay needs nothing else")
    sales = models.JSONField()
    answer = models.JSONField()
    decided_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "authorization", "step"], name="a_request_is_decided_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="DECLINED", held=0, approved_amount=0)
                | Q(outcome__in=["APPROVED", "PARTIAL"]),
                name="a_declined_answer_leaves_no_hold",
            ),
        )
        indexes = (models.Index(fields=["customer", "decided_at"], name="decisions_of_a_day"),)

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason} {plain(self.asked)}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class StrayRequest(models.Model):
    """A request that was declined without a customer's book: unknown card, busy or broken."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    stripe_id = models.CharField(max_length=64)
    step = models.PositiveSmallIntegerField()
    card_stripe_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=40)
    request = models.JSONField()
    answer = models.JSONField()
    received_at = models.DateTimeField(db_default=TransactionNow())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["stripe_id", "step"], name="a_stray_is_kept_once"),
        )

    def __str__(self) -> str:
        return f"{self.reason} {self.stripe_id}"
