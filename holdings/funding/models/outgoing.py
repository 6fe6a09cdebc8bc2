"""Money out: saved destinations, what sending costs, withdrawals."""

from django.db import models
from django.db.models import Q

from holdings.funding.models.incoming import RAIL_LENGTH
from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import uuid7
from krak.core.money import plain


class Destination(models.Model):
    """A bank account or an address that a customer saved, checked, to send money to.

    Where it leads never changes: another account is another destination.
    """

    PREFIX = "dst"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    rail = models.CharField(max_length=RAIL_LENGTH, help_text="bank, or a network")
    account = models.CharField(max_length=128, help_text="IBAN or address")
    bic = models.CharField(max_length=11, blank=True)
    memo = models.CharField(max_length=64, blank=True)
    holder = models.CharField(max_length=140, blank=True, help_text="whose bank account it is")
    label = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    usable_at = models.DateTimeField(help_text="until then only little is sent there")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "rail", "account", "memo"],
                condition=Q(removed_at=None),
                name="a_destination_is_saved_once",
            ),
            models.CheckConstraint(
                condition=Q(usable_at__gte=models.F("created_at")) & ~Q(account=""),
                name="a_destination_leads_somewhere",
            ),
        )
        indexes = (models.Index(fields=["customer", "id"], name="destinations_of_a_customer"),)

    def __str__(self) -> str:
        return self.label or self.account


class RailTerms(models.Model):
    """What a rail asks of an asset from a moment on. Append-only: a change is a newer row.

    The newest row of the rail and asset that has begun counts, else the newest of the rail.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rail = models.CharField(max_length=RAIL_LENGTH)
    currency = models.CharField(max_length=16, blank=True, help_text="empty: every asset")
    unit = models.CharField(max_length=16, help_text="what the amounts are in, such as USD")
    fee = AmountColumn(help_text="for one withdrawal")
    minimum_withdrawal = AmountColumn()
    minimum_deposit = AmountColumn()
    effective_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "rail terms"
        constraints = (
            models.UniqueConstraint(
                fields=["rail", "currency", "effective_at"], name="one_row_of_terms_at_a_moment"
            ),
            models.CheckConstraint(
                condition=Q(fee__gte=0, minimum_withdrawal__gte=0, minimum_deposit__gte=0),
                name="terms_ask_for_nothing_negative",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rail} {self.currency} from {self.effective_at:%Y-%m-%d %H:%M}"


class WithdrawalState(models.TextChoices):
    """Where a withdrawal stands. `sql/guards.sql` refuses any other step than its table."""

    AWAITING_APPROVAL = "AWAITING_APPROVAL", "two members of staff look at it first"
    READY = "READY", "set aside, not sent"
    SENDING = "SENDING", "written down as sent; the provider has not answered"
    SENT = "SENT", "the provider has it"
    COMPLETED = "COMPLETED", "it has arrived"
    FAILED = "FAILED", "it could not be sent; the money is back"
    RETURNED = "RETURNED", "it came back; the money is back"
    CANCELED = "CANCELED", "by the customer or by staff, before it was sent"


UNSENT = ("AWAITING_APPROVAL", "READY")
COUNTED = ("AWAITING_APPROVAL", "READY", "SENDING", "SENT", "COMPLETED")
"""What counts against limits: all that has left or may still leave."""


class Withdrawal(models.Model):
    """Money on its way out: `amount` arrives, `amount + fee` leaves the customer (base units).

    Set aside by a hold until the provider has it; then one entry moves it. Its id is the key by
    which the provider knows it, so that it is sent at most once.
    """

    PREFIX = "wdr"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    destination = OwnKey(Destination, on_delete=models.PROTECT, db_index=False)
    rail = models.CharField(max_length=RAIL_LENGTH)
    currency = models.CharField(max_length=16)
    amount = AmountColumn()
    fee = AmountColumn()
    usd_value = AmountColumn(help_text="what it counts for in limits")
    state = models.CharField(max_length=17, choices=WithdrawalState)
    provider = models.CharField(max_length=20)
    provider_reference = models.CharField(max_length=160, blank=True, default="")
    failure = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    entry = OwnOneToOne(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, related_name="+"
    )
    return_entry = OwnOneToOne(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        permissions = (
            ("propose_withdrawal", "Can propose to release a large withdrawal"),
            ("approve_withdrawal", "Can approve releasing a large withdrawal"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=WithdrawalState.values),
                name="a_withdrawal_has_a_known_state",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, fee__gte=0), name="a_withdrawal_sends_something"
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNSENT, sending_at=None)
                | Q(state="CANCELED", sending_at=None)
                | (~Q(state__in=[*UNSENT, "CANCELED"]) & Q(sending_at__isnull=False)),
                name="a_withdrawal_is_written_down_before_it_is_sent",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["SENT", "COMPLETED", "RETURNED"], entry__isnull=False)
                | Q(state="FAILED")
                | Q(state__in=[*UNSENT, "SENDING", "CANCELED"], entry=None),
                name="what_was_sent_has_left_the_books",
            ),
            models.CheckConstraint(
                condition=Q(state="RETURNED", return_entry__isnull=False)
                | Q(state="FAILED", entry=None, return_entry=None)
                | Q(state="FAILED", entry__isnull=False, return_entry__isnull=False)
                | (~Q(state__in=["FAILED", "RETURNED"]) & Q(return_entry=None)),
                name="what_failed_is_back_in_the_books",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["COMPLETED", "FAILED", "RETURNED", "CANCELED"],
                    ended_at__isnull=False,
                )
                | Q(state__in=[*UNSENT, "SENDING", "SENT"], ended_at=None),
                name="a_withdrawal_ends_in_an_end_state",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "id"], name="withdrawals_of_a_customer"),
            models.Index(
                fields=["sending_at"],
                name="withdrawals_under_way",
                condition=Q(state__in=["SENDING", "SENT"]),
            ),
        )

    def __str__(self) -> str:
        return f"withdrawal {plain(self.amount)} {self.currency}"

    @property
    def hold_reference(self) -> str:
        """The name of the hold that sets the money aside."""
        return f"withdrawal:{self.id}"


class PaperPayout(models.Model):
    """The sandbox provider's own record of what it was asked to send, once per key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=40, unique=True)
    rail = models.CharField(max_length=RAIL_LENGTH)
    account = models.CharField(max_length=128)
    currency = models.CharField(max_length=16)
    token = models.CharField(max_length=64, blank=True, db_default="", default="")
    amount = AmountColumn()
    asked = models.PositiveIntegerField(default=1, help_text="how often it was asked for this")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency} to {self.account}"
