"""Money between people: transfers, requests, links and split bills.

Every row is owned by one customer (`customer`), whose book is locked to change it, so that the
tables distribute by customer. A transfer is its sender's and a request is its author's; what the
other person sees of them they find through rows of their own (`TransferParty`, `RequestParty`).
Amounts are base units.
"""

from typing import Final

from django.db import models
from django.db.models import F, Q

from holdings.transfers.rules import LONGEST_NOTE, MOST_PEOPLE
from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import show, uuid7

_TAG: Final = 20


class TransferKind(models.TextChoices):
    """What made somebody send money."""

    PAYMENT = "PAYMENT", "by tag"
    REQUEST = "REQUEST", "as it was asked for"
    LINK = "LINK", "to whoever has the link"


class TransferState(models.TextChoices):
    """Where the money is; `sql/guards.sql` lets PENDING become one of the others, and no more."""

    PENDING = "PENDING", "in transit"
    COMPLETED = "COMPLETED", "the recipient has it"
    CANCELED = "CANCELED", "back with the sender, who wanted so"
    EXPIRED = "EXPIRED", "back with the sender, nobody took it"


class Transfer(models.Model):
    """Money of one customer on its way to another; what was paid is never taken back.

    It left its sender when it was made. `usd_value` is what limits count.
    """

    PREFIX = "trf"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text="who sent it",
    )  # fmt: skip
    recipient = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", null=True,
        help_text="nobody yet: a link that waits",
    )  # fmt: skip
    kind = models.CharField(max_length=7, choices=TransferKind)
    state = models.CharField(max_length=9, choices=TransferState)
    currency = models.CharField(max_length=16)
    units = AmountColumn()
    usd_value = AmountColumn(help_text="when it was sent")
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    sender_tag = models.CharField(max_length=_TAG, blank=True, help_text="as it was then")
    recipient_tag = models.CharField(max_length=_TAG, blank=True, help_text="as it was then")
    trade = OwnOneToOne(
        "trading.Trade", on_delete=models.PROTECT, null=True, help_text="what it was bought with"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True, help_text="when the recipient was last looked at")

    class Meta:
        indexes = (
            models.Index(
                fields=["customer", "created_at"], name="what_a_customer_sent_since"
            ),
            models.Index(
                fields=["expires_at"], name="transfers_that_run_out", condition=Q(state="PENDING")
            ),
            models.Index(
                fields=["tried_at"], name="transfers_to_deliver",
                condition=Q(state="PENDING", recipient__isnull=False),
            ),
        )  # fmt: skip
        constraints = (
            models.CheckConstraint(condition=Q(units__gt=0), name="a_transfer_moves_something"),
            models.CheckConstraint(
                condition=Q(recipient=None) | ~Q(recipient=F("customer")),
                name="nobody_pays_themselves",
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=False) | (Q(kind="LINK") & ~Q(state="COMPLETED")),
                name="what_is_paid_has_a_recipient",
            ),
            models.CheckConstraint(
                condition=Q(state="PENDING", ended_at=None)
                | (Q(state__in=["COMPLETED", "CANCELED", "EXPIRED"]) & Q(ended_at__isnull=False)),
                name="a_transfer_that_ended_says_when",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="a_transfer_waits_a_while"
            ),
        )

    def __str__(self) -> str:
        return f"{self.units} {self.currency}, {self.shown_id}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class TransferParty(models.Model):
    """That a transfer is one of a customer's: theirs to find. Append-only."""

    class Role(models.TextChoices):
        """Which of the two they are."""

        SENDER = "SENDER"
        RECIPIENT = "RECIPIENT"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="parties")
    role = models.CharField(max_length=9, choices=Role)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "transfer"], name="a_customer_finds_a_transfer_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} of {self.transfer_id}"


class PaymentLink(models.Model):
    """A transfer to whoever has the token, of which only the SHA-256 is kept. Append-only."""

    PREFIX = "lnk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    transfer = OwnOneToOne(Transfer, on_delete=models.PROTECT, related_name="link")
    digest = models.BinaryField(max_length=32, unique=True)

    def __str__(self) -> str:
        return self.shown_id

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class SplitBill(models.Model):
    """A bill that several people share; who made it paid it and asks the others. Append-only."""

    PREFIX = "spl"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    currency = models.CharField(max_length=16)
    units = AmountColumn(help_text="of the whole bill")
    own_units = AmountColumn(default=0, help_text="the share of who made it")
    people = models.PositiveSmallIntegerField(help_text="how many share it, who made it included")
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(people__gte=1, people__lte=MOST_PEOPLE),
                name="a_bill_is_shared_by_at_most_12_people",
            ),
            models.CheckConstraint(
                condition=Q(units__gt=0, own_units__gte=0, own_units__lt=F("units")),
                name="a_bill_has_something_to_ask_for",
            ),
        )

    def __str__(self) -> str:
        return f"{self.units} {self.currency}, {self.shown_id}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class RequestState(models.TextChoices):
    """What has become of a request; `sql/guards.sql` lets OPEN become one of the others."""

    OPEN = "OPEN"
    PAID = "PAID"
    DECLINED = "DECLINED", "by who was asked"
    CANCELED = "CANCELED", "by who asked"
    EXPIRED = "EXPIRED"


class Request(models.Model):
    """One customer asks another for an amount."""

    PREFIX = "req"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", help_text="who asks"
    )
    payer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="+", help_text="who is asked"
    )
    state = models.CharField(max_length=8, choices=RequestState, default=RequestState.OPEN)
    currency = models.CharField(max_length=16)
    units = AmountColumn()
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    requester_tag = models.CharField(max_length=_TAG, blank=True, help_text="as it was then")
    payer_tag = models.CharField(max_length=_TAG, blank=True, help_text="as it was then")
    transfer = models.OneToOneField(
        Transfer, on_delete=models.PROTECT, null=True, related_name="request"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["expires_at"], name="requests_that_run_out", condition=Q(state="OPEN")
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(units__gt=0), name="a_request_asks_for_something"),
            models.CheckConstraint(
                condition=~Q(payer=F("customer")), name="nobody_asks_themselves"
            ),
            models.CheckConstraint(
                condition=Q(state="PAID", transfer__isnull=False)
                | (~Q(state="PAID") & Q(transfer=None)),
                name="a_request_is_paid_by_a_transfer",
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", ended_at=None)
                | (
                    Q(state__in=["PAID", "DECLINED", "CANCELED", "EXPIRED"])
                    & Q(ended_at__isnull=False)
                ),
                name="a_request_that_ended_says_when",
            ),
        )

    def __str__(self) -> str:
        return f"{self.units} {self.currency}, {self.shown_id}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class RequestParty(models.Model):
    """That a request is one of a customer's: theirs to find. Append-only."""

    class Role(models.TextChoices):
        """Which of the two they are."""

        REQUESTER = "REQUESTER"
        PAYER = "PAYER"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="parties")
    role = models.CharField(max_length=9, choices=Role)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "request"], name="a_customer_finds_a_request_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} of {self.request_id}"


class SplitShare(models.Model):
    """One person's share of a bill: the request they got, or why they could not be asked.

    Append-only: what becomes of a share becomes of its request.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    split = OwnKey(SplitBill, on_delete=models.PROTECT, related_name="shares", db_index=False)
    position = models.PositiveSmallIntegerField()
    tag = models.CharField(max_length=_TAG)
    units = AmountColumn()
    request = OwnOneToOne(Request, on_delete=models.PROTECT, null=True)
    failure = models.CharField(max_length=60, blank=True, help_text="code of the refusal")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["split", "position"], name="shares_of_a_bill_are_numbered"
            ),
            models.UniqueConstraint(fields=["split", "tag"], name="nobody_shares_a_bill_twice"),
            models.CheckConstraint(condition=Q(units__gt=0), name="a_share_is_something"),
            models.CheckConstraint(
                condition=Q(request__isnull=False, failure="") | (Q(request=None) & ~Q(failure="")),
                name="a_share_is_asked_for_or_says_why_not",
            ),
        )

    def __str__(self) -> str:
        return f"{self.tag}: {self.units}"
