"""Cards, who holds them, what they may do and how their owner wants to pay."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from krak.core.fields import AmountColumn
from krak.core.ids import show, uuid7

CODES: Final = models.CharField(max_length=16)


class CardStatus(models.TextChoices):
    """Whether a card may pay; the values are Stripe's, in capitals."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE", "frozen"
    CANCELED = "CANCELED"


class Card(models.Model):
    """A payment card in one currency. Its number and CVC are never stored or seen by us."""

    PREFIX = "card"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    stripe_id = models.CharField(max_length=64)
    cardholder_stripe_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=CardStatus, default=CardStatus.ACTIVE)
    livemode = models.BooleanField()
    last4 = models.CharField(max_length=4)
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "stripe_id"], name="a_stripe_card_is_one_card"
            ),
            models.CheckConstraint(
                condition=Q(status__in=CardStatus.values), name="a_card_has_a_known_status"
            ),
        )

    def __str__(self) -> str:
        return f"•••• {self.last4} {self.currency}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class CardDirectory(models.Model):
    """Whose card a Stripe card is: the one thing looked up before the customer is known."""

    stripe_id = models.CharField(max_length=64, primary_key=True)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    card = models.OneToOneField(Card, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return self.stripe_id


class SpendingProfile(models.Model):
    """How a customer pays: in which order assets are sold, which never, and where not to pay."""

    customer = models.OneToOneField(
        "customers.Customer",
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="spending_profile",
    )
    spend_order = ArrayField(
        CODES, null=True, blank=True, help_text="ranked by the customer; empty: the default order"
    )
    excluded = ArrayField(CODES, default=list, blank=True, help_text="never sold for a purchase")
    blocked_mccs = ArrayField(models.CharField(max_length=4), default=list, blank=True)
    cashback_asset = models.CharField(max_length=16)

    def __str__(self) -> str:
        return f"spending of {self.customer_id}"


class Policy(models.Model):
    """What the card engine decides by, from a moment on. Never edited: a change is a newer row.

    The newest row in force wins: one of the customer's own before one of the card's currency.
    Amounts are in the card's currency.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, null=True, blank=True
    )
    currency = models.CharField(max_length=3, blank=True, help_text="empty: any currency")
    effective_at = models.DateTimeField()
    partial_minimum = AmountColumn()
    minimum_conversion = AmountColumn()
    daily_limit = AmountColumn()
    cash_daily_limit = AmountColumn()
    fx_buffer_bps = models.PositiveSmallIntegerField()
    cash_enabled = models.BooleanField()
    sell_at_capture = models.BooleanField()
    provisional_credit = models.BooleanField()
    cashback_bps = models.PositiveSmallIntegerField()
    blocked_mccs = ArrayField(models.CharField(max_length=4))
    cash_mccs = ArrayField(models.CharField(max_length=4))
    unrewarded_mccs = ArrayField(models.CharField(max_length=4))
    haircuts = models.JSONField(
        help_text="part of the value that does not count: kind → [market open, only on chain]"
    )
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        verbose_name_plural = "policies"
        indexes = (
            models.Index(fields=["customer", "currency", "-effective_at"], name="policy_in_force"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    partial_minimum__gte=0,
                    minimum_conversion__gte=0,
                    daily_limit__gte=0,
                    cash_daily_limit__gte=0,
                ),
                name="policy_amounts_are_not_negative",
            ),
        )

    def __str__(self) -> str:
        return f"policy from {self.effective_at:%Y-%m-%d %H:%M}"
