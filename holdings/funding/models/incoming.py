"""Money in: deposits of every kind, what providers say came, and where it may be sent to."""

from django.db import models
from django.db.models import Q

from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import uuid7
from krak.core.money import plain

RAIL_LENGTH = 20


class DepositKind(models.TextChoices):
    """How the money comes."""

    CARD = "CARD", "card, through Stripe"
    BANK_DEBIT = "BANK_DEBIT", "bank debit, through Stripe"
    BANK_TRANSFER = "BANK_TRANSFER", "transfer to the customer's IBAN"
    ON_CHAIN = "ON_CHAIN", "transfer to the customer's address"


class DepositState(models.TextChoices):
    """What has become of a deposit. `sql/guards.sql` refuses any other step than its table."""

    PENDING = "PENDING", "on its way"
    CREDITED = "CREDITED", "in the customer's books"
    FAILED = "FAILED", "did not come; a top-up may be tried again"
    CANCELED = "CANCELED", "will not come"
    UNDONE = "UNDONE", "the chain took it back before it was final"
    TOO_SMALL = "TOO_SMALL", "below the minimum, so not credited"


class Deposit(models.Model):
    """Money of one customer that comes in, whatever the way: one list, one state machine.

    `amount` is what was asked for until it is credited, then what came (base units).
    """

    PREFIX = "dep"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=13, choices=DepositKind)
    currency = models.CharField(max_length=16)
    amount = AmountColumn()
    state = models.CharField(max_length=9, choices=DepositState, default=DepositState.PENDING)
    failure = models.CharField(max_length=200, blank=True, help_text="why it did not come")
    taken_back = AmountColumn(default=0, db_default=0, help_text="by refunds and disputes")
    facts = models.JSONField(default=dict, help_text="sender, network, transaction")
    usd_value = AmountColumn(help_text="what it counts for in limits")
    entry = OwnOneToOne(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    credited_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=DepositState.values, kind__in=DepositKind.values),
                name="a_deposit_has_a_known_kind_and_state",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, taken_back__gte=0), name="a_deposit_is_of_something"
            ),
            models.CheckConstraint(
                condition=Q(state="CREDITED", entry__isnull=False, credited_at__isnull=False)
                | (~Q(state="CREDITED") & Q(entry=None, credited_at=None, taken_back=0)),
                name="a_deposit_is_credited_by_an_entry",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "id"], name="deposits_of_a_customer"),
            models.Index(fields=["customer", "created_at"], name="deposits_of_a_day"),
            models.Index(
                fields=["created_at"],
                name="top_ups_that_may_run_out",
                condition=Q(state="PENDING", kind__in=["CARD", "BANK_DEBIT"]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {plain(self.amount)} {self.currency}"


class TopUp(models.Model):
    """What Stripe has of a deposit by card or bank debit.

    `told_at` and `told` are the newest thing it said of the payment; older ones change nothing.
    """

    PREFIX = "tup"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    deposit = OwnOneToOne(Deposit, on_delete=models.PROTECT, related_name="top_up")
    asked_amount = AmountColumn()
    asked_currency = models.CharField(max_length=3)
    stripe_id = models.CharField(max_length=64, blank=True, default="")
    told = models.CharField(max_length=40, blank=True, default="")
    told_at = models.DateTimeField(null=True)
    processing = models.BooleanField(default=False, help_text="paid, and not there yet")
    created_at = models.DateTimeField()
    ending_at = models.DateTimeField(null=True, help_text="nobody paid: Stripe is told to end it")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["stripe_id"],
                condition=~Q(stripe_id=""),
                name="a_payment_intent_is_one_top_up",
            ),
            models.CheckConstraint(
                condition=Q(asked_amount__gt=0), name="a_top_up_asks_for_something"
            ),
        )
        indexes = (models.Index(fields=["customer", "id"], name="top_ups_of_a_customer"),)

    def __str__(self) -> str:
        return f"top-up {plain(self.asked_amount)} {self.asked_currency}"


class TakeBackKind(models.TextChoices):
    """Why money of a top-up leaves again."""

    REFUND = "REFUND"
    DISPUTE = "DISPUTE"


class TakeBack(models.Model):
    """A refund or dispute of a top-up, brought to where it stands: `taken` has left the customer.

    What was said stays said (`ended`: a refund failed, a dispute was won), in whatever order.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    deposit = OwnKey(Deposit, on_delete=models.PROTECT, related_name="take_backs")
    kind = models.CharField(max_length=7, choices=TakeBackKind)
    stripe_id = models.CharField(max_length=64)
    amount = AmountColumn(help_text="in the deposit's currency")
    withdrawn = models.BooleanField(default=False, help_text="Stripe has taken it from us")
    ended = models.BooleanField(default=False, help_text="Stripe has given it back to us")
    taken = AmountColumn(default=0, db_default=0)
    movements = models.PositiveIntegerField(default=0)
    entry = OwnKey(
        "ledger.JournalEntry", on_delete=models.PROTECT, null=True, related_name="+",
        help_text="that last took it",
    )  # fmt: skip
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["stripe_id"], name="a_refund_or_dispute_is_one_take_back"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & (Q(taken=0) | Q(taken=models.F("amount"))),
                name="a_take_back_takes_all_or_nothing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.stripe_id}"


class DepositAccount(models.Model):
    """A customer's own IBAN for one currency; empty until the bank has opened it."""

    PREFIX = "dac"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=20)
    iban = models.CharField(max_length=34, blank=True, default="")
    bic = models.CharField(max_length=11, blank=True, default="")
    reference = models.CharField(
        max_length=20, help_text="in a transfer's text it names the account, whatever the IBAN"
    )
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "currency"], name="a_customer_has_one_iban_per_currency"
            ),
            models.UniqueConstraint(
                fields=["iban"], condition=~Q(iban=""), name="an_iban_is_one_customers"
            ),
            models.UniqueConstraint(fields=["reference"], name="a_reference_is_one_accounts"),
            models.CheckConstraint(
                condition=Q(iban="", opened_at=None) | (~Q(iban="") & Q(opened_at__isnull=False)),
                name="an_open_account_has_its_iban",
            ),
        )

    def __str__(self) -> str:
        return self.iban or f"{self.currency} account"


class DepositAddress(models.Model):
    """A customer's own address on one network; empty until the custodian has made it."""

    PREFIX = "dad"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    network = models.CharField(max_length=RAIL_LENGTH)
    provider = models.CharField(max_length=20)
    address = models.CharField(max_length=128, blank=True, default="")
    memo = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deposit addresses"
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "network"], name="a_customer_has_one_address_per_network"
            ),
            models.UniqueConstraint(
                fields=["network", "address", "memo"],
                condition=~Q(address=""),
                name="an_address_is_one_customers",
            ),
            models.CheckConstraint(
                condition=Q(address="", opened_at=None)
                | (~Q(address="") & Q(opened_at__isnull=False)),
                name="an_open_address_is_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.network} {self.address}"


class ReceiptState(models.TextChoices):
    """How sure it is that the money came, and whether we sent it back."""

    PENDING = "PENDING", "seen, not final"
    FINAL = "FINAL"
    DROPPED = "DROPPED", "the chain took it back"
    RETURNING = "RETURNING", "being sent back to its sender"
    RETURNED = "RETURNED", "sent back to its sender"


class Receipt(models.Model):
    """What a bank or custodian says came in for us, once per transfer.

    Without a deposit it is in the queue of what nobody was found for; whose it is may be unknown,
    so it is the one table here without a customer.
    """

    PREFIX = "rct"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=20)
    provider_reference = models.CharField(max_length=160)
    rail = models.CharField(max_length=RAIL_LENGTH, help_text="bank, or a network")
    currency = models.CharField(max_length=16)
    amount = AmountColumn(help_text="all that came, floored to ten decimals")
    account = models.CharField(max_length=128, help_text="IBAN or address it was sent to")
    reference = models.CharField(max_length=200, blank=True, help_text="transfer text or memo")
    sender_name = models.CharField(max_length=140, blank=True)
    sender_account = models.CharField(max_length=128, blank=True)
    confirmations = models.PositiveIntegerField(default=0)
    block = models.CharField(max_length=80, blank=True)
    told_at = models.DateTimeField(help_text="of the newest word of it")
    state = models.CharField(max_length=9, choices=ReceiptState, default=ReceiptState.PENDING)
    unmatched_because = models.CharField(max_length=40, blank=True)
    deposit = models.OneToOneField(
        Deposit, on_delete=models.PROTECT, null=True, related_name="receipt"
    )
    created_at = models.DateTimeField()

    class Meta:
        permissions = (
            ("propose_receipt", "Can assign or return what nobody was found for"),
            ("approve_receipt", "Can approve assigning a large receipt"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["provider", "provider_reference"], name="a_transfer_is_received_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_receipt_is_of_something"),
            models.CheckConstraint(
                condition=Q(state__in=["PENDING", "FINAL", "DROPPED"])
                | Q(deposit=None, state__in=["RETURNING", "RETURNED"]),
                name="what_is_a_customers_is_not_returned",
            ),
        )
        indexes = (
            models.Index(
                fields=["created_at"], name="unmatched_receipts", condition=Q(deposit=None)
            ),
        )

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency} by {self.rail}"
