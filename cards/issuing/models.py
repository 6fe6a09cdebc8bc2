"""Cards, who holds them, what they may do and how their owner wants to pay."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import uuid7
from krak.stripe.rows import Told

CODES: Final = models.CharField(max_length=16)


class CardStatus(models.TextChoices):
    """Whether a card may pay; the values are Stripe's, in capitals, and PENDING is ours."""

    PENDING = "PENDING", "being made"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE", "frozen"
    CANCELED = "CANCELED"


class CardType(models.TextChoices):
    """What a card is made of; the values are Stripe's, in capitals."""

    VIRTUAL = "VIRTUAL"
    PHYSICAL = "PHYSICAL"


class EndReason(models.TextChoices):
    """Why a card ended; the values are Stripe's, in capitals, and NOT_NEEDED is ours."""

    LOST = "LOST"
    STOLEN = "STOLEN"
    DAMAGED = "DAMAGED"
    EXPIRED = "EXPIRED"
    NOT_NEEDED = "NOT_NEEDED"
    BY_STRIPE = "BY_STRIPE", "by Stripe"


class Cardholder(Told):
    """Who a customer is to Stripe: the legal person that cards are issued to."""

    PREFIX = "chd"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.OneToOneField(
        "customers.Customer", on_delete=models.PROTECT, related_name="cardholder"
    )
    stripe_id = models.CharField(max_length=64, blank=True, default="")
    first_name = models.CharField(max_length=60)
    last_name = models.CharField(max_length=60)
    phone_number = models.CharField(max_length=20, blank=True, help_text="E.164")
    address = models.JSONField(help_text="line1, line2, city, state, postal_code, country")
    terms_accepted_at = models.DateTimeField(null=True)
    terms_accepted_ip = models.GenericIPAddressField(null=True)
    requirements = ArrayField(
        models.CharField(max_length=120), default=list, help_text="what Stripe still wants to know"
    )
    said_at = models.DateTimeField(null=True, help_text="newest event of Stripe's applied")
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["stripe_id"],
                condition=~Q(stripe_id=""),
                name="a_stripe_cardholder_is_one_customer",
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.shown_id


class Card(Told):
    """A payment card in one currency. Its number and CVC are never stored or seen by us.

    The controls are the owner's own, in the card's currency; they bind our decision at once and
    Stripe's as soon as it is told.
    """

    PREFIX = "card"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    cardholder = OwnKey(Cardholder, on_delete=models.PROTECT, related_name="cards")
    stripe_id = models.CharField(max_length=64, blank=True, default="")
    type = models.CharField(max_length=8, choices=CardType, default=CardType.VIRTUAL)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=CardStatus, default=CardStatus.ACTIVE)
    livemode = models.BooleanField()
    last4 = models.CharField(max_length=4, blank=True)
    expires_on = models.DateField(null=True, help_text="the last day it is good")
    replaces = OwnOneToOne(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    end_reason = models.CharField(max_length=10, choices=EndReason, blank=True)
    shipping = models.JSONField(null=True, help_text="name and address of a card that is posted")
    shipping_status = models.CharField(max_length=20, blank=True, help_text="Stripe's word")
    pin_set_at = models.DateTimeField(null=True)
    purchase_limit = AmountColumn(null=True)
    daily_limit = AmountColumn(null=True)
    monthly_limit = AmountColumn(null=True)
    atm_enabled = models.BooleanField(default=True, db_default=True)
    online_enabled = models.BooleanField(default=True, db_default=True)
    blocked_countries = ArrayField(models.CharField(max_length=2), default=list, db_default=[])
    blocked_mccs = ArrayField(models.CharField(max_length=4), default=list, db_default=[])
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "stripe_id"],
                condition=~Q(stripe_id=""),
                name="a_stripe_card_is_one_card",
            ),
            models.CheckConstraint(
                condition=Q(status__in=CardStatus.values), name="a_card_has_a_known_status"
            ),
            models.CheckConstraint(
                condition=Q(status="PENDING", stripe_id="")
                | Q(status="CANCELED")
                | (Q(status__in=["ACTIVE", "INACTIVE"]) & ~Q(stripe_id="")),
                name="a_card_pays_only_once_it_is_made",
            ),
            models.CheckConstraint(
                condition=Q(type="VIRTUAL", shipping__isnull=True) | Q(type="PHYSICAL"),
                name="only_a_physical_card_is_posted",
            ),
            models.CheckConstraint(
                condition=(Q(purchase_limit=None) | Q(purchase_limit__gte=0))
                & (Q(daily_limit=None) | Q(daily_limit__gte=0))
                & (Q(monthly_limit=None) | Q(monthly_limit__gte=0)),
                name="limits_of_a_card_are_not_negative",
            ),
        )

    def __str__(self) -> str:
        return f"•••• {self.last4 or '····'} {self.currency}"


class WalletToken(models.Model):
    """A card's stand-in in the wallet of a phone or watch. Only what Stripe says of it."""

    PREFIX = "wtok"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    card = OwnKey(Card, on_delete=models.PROTECT, related_name="wallet_tokens")
    stripe_id = models.CharField(max_length=64)
    wallet_provider = models.CharField(max_length=20, blank=True)
    network = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=20)
    said_at = models.DateTimeField(help_text="newest event of Stripe's applied")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "stripe_id"], name="a_stripe_token_is_one_token"
            ),
        )

    def __str__(self) -> str:
        return f"{self.wallet_provider or 'wallet'} {self.status}"


class Purpose(models.TextChoices):
    """Why the app was given a key to a card's secrets."""

    DETAILS = "DETAILS", "show number and CVC"
    WALLET = "WALLET", "add to a wallet"
    PIN = "PIN", "set the PIN"


class SecretAccess(models.Model):
    """That a card's secrets were asked for. Append-only; the secrets themselves pass unseen."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    card = OwnKey(Card, on_delete=models.PROTECT)
    purpose = models.CharField(max_length=10, choices=Purpose)
    asked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "secret accesses"

    def __str__(self) -> str:
        return f"{self.purpose} of {self.card_id}"


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
