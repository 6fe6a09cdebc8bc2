"""What custodians say they hold, what is attested of issuers, and proofs that all was counted."""

from django.db import models
from django.db.models import F, Q

from krak.core.fields import AmountColumn
from krak.core.ids import uuid7

CODE_LENGTH = 16


class CustodyStatement(models.Model):
    """What a custodian said it holds of an asset for our customers, until it says otherwise.

    Said again it is confirmed; another figure is a new row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    custodian = models.CharField(max_length=40)
    asset = models.CharField(max_length=CODE_LENGTH, help_text="its code; case counts")
    units = AmountColumn(help_text="base units")
    reference = models.CharField(max_length=200, blank=True, help_text="where it can be read")
    stated_by = models.ForeignKey(
        "customers.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="who entered it; empty when the custodian was asked",
    )
    stated_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(help_text="when it was said last")

    class Meta:
        ordering = ("-stated_at",)
        indexes = (
            models.Index(fields=["custodian", "asset", "-stated_at"], name="newest_statements"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(units__gte=0, confirmed_at__gte=F("stated_at")),
                name="a_custodian_holds_something_or_nothing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.units} {self.asset} at {self.custodian}"


class Attestation(models.Model):
    """How many shares stood against how many tokens in circulation, of all holders of a product.

    Said again it is confirmed; another figure is a new row. Source: xstocks.md, Backing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attester = models.CharField(max_length=40)
    asset = models.CharField(max_length=CODE_LENGTH, help_text="its code; case counts")
    shares = AmountColumn(help_text="at the issuer's custodians")
    tokens = AmountColumn(help_text="in circulation on all chains, in shown units")
    reference = models.CharField(max_length=200, blank=True, help_text="where it can be read")
    stated_by = models.ForeignKey(
        "customers.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="who entered it; empty when the attester was asked",
    )
    stated_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(help_text="when it was said last")

    class Meta:
        ordering = ("-stated_at",)
        indexes = (
            models.Index(fields=["asset", "attester", "-stated_at"], name="newest_attestations"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(shares__gte=0, tokens__gte=0, confirmed_at__gte=F("stated_at")),
                name="there_are_shares_and_tokens_or_none",
            ),
        )

    def __str__(self) -> str:
        return f"{self.shares} shares against {self.tokens} {self.asset}"

    @property
    def is_backed(self) -> bool:
        """Tell whether each token has its share."""
        return bool(self.shares >= self.tokens)


class Proof(models.Model):
    """All that customers were owed at one moment, as one tree per asset."""

    PREFIX = "rsv"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    as_of = models.DateTimeField()
    secret = models.BinaryField(max_length=32, help_text="what nonces are made of")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"reserves at {self.as_of:%Y-%m-%d %H:%M}"


class Tree(models.Model):
    """What was owed of one asset, and what stood against it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    proof = models.ForeignKey(Proof, on_delete=models.PROTECT, related_name="trees")
    asset = models.CharField(max_length=CODE_LENGTH)
    multiplier = models.DecimalField(max_digits=28, decimal_places=18)
    leaves = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    owed = AmountColumn(help_text="base units owed to customers: the sum of the root")
    in_transit = AmountColumn(help_text="base units of it that were sent and are not taken yet")
    in_custody = AmountColumn(null=True, help_text="base units; empty when no custodian says")
    custody_at = models.DateTimeField(null=True, help_text="the oldest of its statements")

    class Meta:
        ordering = ("proof", "asset")
        constraints = (
            models.UniqueConstraint(fields=["proof", "asset"], name="an_asset_has_one_tree"),
            models.CheckConstraint(
                condition=Q(owed__gt=0, leaves__gt=0), name="a_tree_is_of_something"
            ),
        )

    def __str__(self) -> str:
        return f"{self.owed} {self.asset}"


class Chunk(models.Model):
    """A stretch of a tree's leaves in order of their keys, and the node above them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="chunks", db_index=False)
    number = models.IntegerField()
    first_key = models.BinaryField(max_length=32)
    leaves = models.BinaryField()
    root = models.BinaryField(max_length=32)
    sum = models.DecimalField(max_digits=39, decimal_places=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["tree", "number"], name="chunks_are_numbered"),
        )

    def __str__(self) -> str:
        return f"chunk {self.number} of {self.tree_id}"
