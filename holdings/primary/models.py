"""The tables of the primary market: parties, and what they ask the issuer for."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from holdings.primary.rules import CASH, Side
from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import uuid7
from krak.core.money import plain

NETWORK_LENGTH = 20
CODE_LENGTH = 16
WALLET_LENGTH = 128
_SIDES = [(each.value, each.value) for each in Side]


class Party(models.Model):
    """A customer in the primary market, with the wallet they use there; two people let them in.

    The custodian holds the wallet in their name, and the issuer has whitelisted it. It never
    changes: with another wallet they are another party. Until it is onboarded it is only proposed.
    """

    PREFIX = "pty"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    network = models.CharField(max_length=NETWORK_LENGTH)
    wallet = models.CharField(max_length=WALLET_LENGTH, help_text="an address on the network")
    created_at = models.DateTimeField()
    onboarded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "parties"
        permissions = (
            ("propose_party", "Can propose to let a customer into the primary market"),
            ("approve_party", "Can approve letting a customer into the primary market"),
            ("end_party", "Can end a party"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["customer"], condition=Q(ended_at=None), name="a_customer_is_one_party"
            ),
            models.UniqueConstraint(
                fields=["network", "wallet"],
                condition=Q(ended_at=None),
                name="a_wallet_is_one_partys",
            ),
            models.CheckConstraint(condition=~Q(wallet=""), name="a_party_has_a_wallet"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_because="")
                | (Q(ended_at__isnull=False, ended_at__gte=F("created_at")) & ~Q(ended_because="")),
                name="a_party_ends_for_a_reason",
            ),
        )
        indexes = (models.Index(fields=["customer", "id"], name="parties_of_a_customer"),)

    def __str__(self) -> str:
        return f"{self.wallet} on {self.network}"


class RequestState(models.TextChoices):
    """Where a request stands. `sql/guards.sql` refuses any other step than its table."""

    REQUESTED = "REQUESTED", "set aside; two members of staff look at it"
    APPROVED = "APPROVED", "two people agreed; the issuer has it or gets it"
    SETTLED = "SETTLED", "filled and booked"
    REJECTED = "REJECTED", "by staff, before the issuer was asked"
    CANCELED = "CANCELED", "by the customer, or because nobody decided in time"
    FAILED = "FAILED", "the issuer refused it, or it could not be given to it any more"


OPEN = ("REQUESTED", "APPROVED")
UNSETTLED = ("REJECTED", "CANCELED", "FAILED")
"""Ends in which what was set aside is free again."""


class Request(models.Model):
    """Cash that is to become shares, or shares that are to become cash, at the issuer.

    What is given stands from the beginning, what is got from the settlement on: dollars in `cash`,
    base units in `units`. Set aside by a hold until one entry moves it. Its id is the key by which
    the issuer knows it, so that it is given at most once.
    """

    PREFIX = "preq"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    party = OwnKey(Party, on_delete=models.PROTECT, db_index=False)
    side = models.CharField(max_length=12, choices=_SIDES)
    asset = models.CharField(max_length=CODE_LENGTH)
    cash = AmountColumn(null=True, help_text="dollars given, or got")
    units = AmountColumn(null=True, help_text="base units given, or got")
    usd_value = AmountColumn(help_text="what it was worth when it was asked for")
    state = models.CharField(max_length=9, choices=RequestState)
    issuer = models.CharField(max_length=20)
    issuer_reference = models.CharField(max_length=160, blank=True, default="")
    price = AmountColumn(null=True, help_text="USD for one shown unit, as the issuer filled it")
    failure = models.CharField(max_length=500, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    entry = OwnOneToOne(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        permissions = (
            ("propose_request", "Can propose to accept a request"),
            ("approve_request", "Can approve accepting a request"),
            ("reject_request", "Can reject a request"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="a_primary_request_has_a_state"
            ),
            models.CheckConstraint(
                condition=Q(side=Side.SUBSCRIPTION.value, cash__isnull=False)
                & (Q(state="SETTLED", units__isnull=False) | (~Q(state="SETTLED") & Q(units=None)))
                | Q(side=Side.REDEMPTION.value, units__isnull=False)
                & (Q(state="SETTLED", cash__isnull=False) | (~Q(state="SETTLED") & Q(cash=None))),
                name="a_primary_request_gives_first_and_gets_when_settled",
            ),
            models.CheckConstraint(
                condition=(Q(cash=None) | Q(cash__gt=0))
                & (Q(units=None) | Q(units__gt=0))
                & (Q(price=None) | Q(price__gt=0)),
                name="a_primary_request_is_about_something",
            ),
            models.CheckConstraint(
                condition=Q(state="SETTLED", entry__isnull=False, price__isnull=False)
                | (~Q(state="SETTLED") & Q(entry=None, price=None)),
                name="a_settled_request_is_one_entry",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["REQUESTED", "REJECTED", "CANCELED"],
                    approved_at=None,
                    submitted_at=None,
                )
                | Q(state__in=["APPROVED", "FAILED"], approved_at__isnull=False)
                | Q(state="SETTLED", approved_at__isnull=False, submitted_at__isnull=False),
                name="a_request_is_approved_before_the_issuer_has_it",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, ended_at=None)
                | (~Q(state__in=OPEN) & Q(ended_at__isnull=False)),
                name="a_primary_request_ends_in_an_end_state",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=UNSETTLED) & ~Q(failure=""))
                | (~Q(state__in=UNSETTLED) & Q(failure="")),
                name="what_did_not_settle_says_why",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "id"], name="primary_requests_of_a_customer"),
            models.Index(
                fields=["created_at"], name="open_primary_requests", condition=Q(state__in=OPEN)
            ),
        )

    def __str__(self) -> str:
        return f"{self.side.lower()} of {plain(self.given)} {self.gives}"

    @property
    def hold_reference(self) -> str:
        """The name of the hold that sets aside what is given."""
        return f"primary:{self.id}"

    @property
    def gives(self) -> str:
        """The code of what the customer gives."""
        return CASH if self.side == Side.SUBSCRIPTION else self.asset

    @property
    def gets(self) -> str:
        """The code of what the customer gets."""
        return self.asset if self.side == Side.SUBSCRIPTION else CASH

    @property
    def given(self) -> Decimal:
        """How much the customer gives: dollars or base units."""
        amount: Decimal = self.cash if self.side == Side.SUBSCRIPTION else self.units
        return amount


class PaperOrder(models.Model):
    """The sandbox issuer's own record of what it was asked to do, once per key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=40, unique=True)
    side = models.CharField(max_length=12, choices=_SIDES)
    asset = models.CharField(max_length=CODE_LENGTH)
    network = models.CharField(max_length=NETWORK_LENGTH)
    token = models.CharField(max_length=64)
    wallet = models.CharField(max_length=WALLET_LENGTH, blank=True)
    amount = AmountColumn()
    units = AmountColumn(null=True)
    cash = AmountColumn(null=True)
    price = AmountColumn(null=True)
    asked = models.PositiveIntegerField(default=1, help_text="how often it was asked for this")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.side.lower()} of {self.asset} on paper"
