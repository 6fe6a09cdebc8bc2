"""The network's final records: captures and refunds, each applied once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from cards.clearing.rules import Kind
from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import uuid7
from krak.core.money import plain


class CardTransaction(models.Model):
    """One Stripe Issuing transaction. Amounts are positive, in the card's currency."""

    PREFIX = "ctx"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    card = OwnKey("issuing.Card", on_delete=models.PROTECT)
    authorization = OwnKey("authorizations.Authorization", on_delete=models.PROTECT, null=True)
    entry = OwnOneToOne("ledger.JournalEntry", on_delete=models.PROTECT)
    stripe_id = models.CharField(max_length=64)
    kind = models.CharField(
        max_length=16,
        choices=[
            (Kind.CAPTURE.value, "Capture"),
            (Kind.REFUND.value, "Refund"),
            (Kind.REFUND_REVERSAL.value, "refund taken back"),
        ],
    )
    amount = AmountColumn()
    unrewarded = AmountColumn(help_text="ATM fee and cash-back part")
    won_back = AmountColumn(default=0, db_default=0, help_text="in disputes")
    currency = models.CharField(max_length=3)
    mcc = models.CharField(max_length=4, blank=True)
    merchant_name = models.CharField(max_length=120, blank=True)
    merchant_network_id = models.CharField(max_length=64, blank=True)
    merchant_currency = models.CharField(max_length=10, blank=True)
    merchant_amount_minor = models.BigIntegerField(help_text="as it came, never converted")
    group = models.CharField(max_length=64, blank=True, help_text="purchase it belongs to")
    reverses = OwnKey(
        "self", on_delete=models.PROTECT, null=True, db_index=False, help_text="refund taken back"
    )
    flags = ArrayField(models.CharField(max_length=40), default=list)
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        permissions = (
            ("propose_reversal", "Can propose to undo a refund that the network took back"),
            ("approve_reversal", "Can approve undoing a refund"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "stripe_id"], name="a_stripe_transaction_is_applied_once"
            ),
            models.UniqueConstraint(
                fields=["customer", "reverses"],
                condition=Q(reverses__isnull=False),
                name="a_refund_is_taken_back_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="REFUND_REVERSAL", reverses__isnull=False)
                | (~Q(kind="REFUND_REVERSAL") & Q(reverses__isnull=True)),
                name="what_is_taken_back_is_a_refund",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_transaction_moves_something"),
        )
        indexes = (
            models.Index(fields=["customer", "group"], name="transactions_of_a_purchase"),
            # A dispute and a listing of Stripe's name a transaction and nothing else.
            models.Index(fields=["stripe_id"], name="transactions_by_stripes_id"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {plain(self.amount)} {self.currency}"
