"""The ledger's tables. What moves them and what they refuse is in `sql/`."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q

from holdings.ledger.rules import WORDS_OF_HOUSE, House
from krak.core.fields import AmountColumn, OwnKey
from krak.core.ids import uuid7
from krak.core.money import plain

HOUSES = [(each.value, words) for each, words in WORDS_OF_HOUSE.items()]


class Book(models.Model):
    """A customer's book: the one row that is locked to change anything of theirs.

    `version` moves with everything a decision reads (postings, holds, cards, preferences);
    `entries` and `head` are the length and the last hash of the chain of journal entries.
    """

    customer = models.OneToOneField(
        "customers.Customer", on_delete=models.PROTECT, primary_key=True, related_name="book"
    )
    version = models.BigIntegerField(default=0, db_default=0)
    entries = models.BigIntegerField(default=0, db_default=0)
    head = models.BinaryField(max_length=32, default=bytes(32))

    def __str__(self) -> str:
        return f"book of {self.customer_id} at {self.version}"


class LedgerAccount(models.Model):
    """What we owe one customer in one currency, in base units; credits raise it.

    Only inserting postings and changing holds moves `posted`, `held` and `overdraft`.
    """

    PREFIX = "wal"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    currency = models.CharField(max_length=16)
    posted = AmountColumn(default=0, db_default=0)
    held = AmountColumn(default=0, db_default=0)
    overdraft = AmountColumn(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "currency"],
                name="a_customer_has_one_account_per_currency",
            ),
            models.UniqueConstraint(
                fields=["customer", "id", "currency"],
                name="an_account_is_known_with_its_owner_and_currency",
            ),
            models.CheckConstraint(
                condition=Q(posted__gte=F("held") - F("overdraft")),
                name="nobody_is_overdrawn_but_by_a_forced_event",
            ),
            models.CheckConstraint(condition=Q(held__gte=0), name="held_is_not_negative"),
            models.CheckConstraint(condition=Q(overdraft__gte=0), name="overdraft_is_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.currency} of {self.customer_id}"


class JournalEntry(models.Model):
    """One thing that happened to one customer's money. Append-only."""

    PREFIX = "ent"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    sequence = models.BigIntegerField(help_text="1 for the customer's first entry")
    cause = models.CharField(max_length=160)
    kind = models.CharField(max_length=40)
    legs = models.SmallIntegerField()
    details = models.JSONField()
    event_at = models.DateTimeField(help_text="when it happened in the world")
    created_at = models.DateTimeField(help_text="when we wrote it")
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "journal entries"
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "cause"], name="a_cause_has_one_entry_per_customer"
            ),
            models.UniqueConstraint(
                fields=["customer", "sequence"], name="a_customers_entries_are_numbered"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.cause}"


class Side(models.TextChoices):
    """Which side of an account a posting is on."""

    DEBIT = "DEBIT"
    CREDIT = "CREDIT"


class Posting(models.Model):
    """One leg of an entry, on a customer's account or on one of the house's. Append-only.

    Its entry and account are checked by the triggers that it fires, in the same breath as all
    else; foreign keys would look each of them up again at commit.
    """

    pk = models.CompositePrimaryKey("customer_id", "entry_id", "leg")
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    entry = OwnKey(
        JournalEntry,
        on_delete=models.PROTECT,
        related_name="postings",
        db_constraint=False,
        db_index=False,
    )
    leg = models.SmallIntegerField()
    account = OwnKey(
        LedgerAccount, on_delete=models.PROTECT, null=True, db_constraint=False, db_index=False
    )
    house = models.CharField(max_length=20, choices=HOUSES, null=True)  # noqa: DJ001 - see the check
    side = models.CharField(max_length=6, choices=Side)
    currency = models.CharField(max_length=16)
    amount = AmountColumn()
    forced = models.BooleanField(default=False)
    balance_after = AmountColumn(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_posting_moves_something"),
            models.CheckConstraint(
                condition=Q(side__in=Side.values), name="a_posting_is_debit_or_credit"
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False, house__isnull=True)
                | Q(account__isnull=True, house__in=[each.value for each in House]),
                name="a_posting_is_a_customers_or_the_houses",
            ),
        )
        indexes = (
            models.Index(
                fields=["account", "entry"],
                name="postings_of_an_account",
                condition=Q(account__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.side} {plain(self.amount)} {self.currency}"


class HouseBalance(models.Model):
    """What the entries rolled up so far have left on one of the house's accounts.

    Credits less debits, in base units. Only taking entries out of `UnrolledEntry` moves it; what
    waits there is not in it yet (`queries.house_balances` adds it).
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    house = models.CharField(max_length=20, choices=HOUSES)
    currency = models.CharField(max_length=16)
    balance = AmountColumn(default=0, db_default=0)

    class Meta:
        verbose_name_plural = "house accounts"
        constraints = (
            models.UniqueConstraint(
                fields=["house", "currency"], name="a_house_account_has_one_balance"
            ),
        )

    def __str__(self) -> str:
        return f"{self.house} {plain(self.balance)} {self.currency}"


class UnrolledEntry(models.Model):
    """A queue: the entries whose postings are not in `HouseBalance` yet. Filled by a trigger."""

    pk = models.CompositePrimaryKey("customer_id", "entry_id")
    customer_id = models.UUIDField()
    entry_id = models.UUIDField()

    def __str__(self) -> str:
        return str(self.entry_id)


class Hold(models.Model):
    """An amount set aside on an account under a reference; 0 once captured or released.

    The trigger that moves its account refuses one that is not the customer's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    account = OwnKey(LedgerAccount, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    reference = models.CharField(max_length=120)
    amount = AmountColumn()
    forced = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "reference"], name="a_reference_has_one_hold"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="a_hold_is_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.reference} {plain(self.amount)}"
