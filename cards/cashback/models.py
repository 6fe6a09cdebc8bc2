"""Rewards: what each purchase earned, in what it was paid, and what was taken back."""

from django.db import models
from django.db.models import F, Q

from krak.core.fields import AmountColumn, OwnKey, OwnOneToOne
from krak.core.ids import uuid7
from krak.core.money import plain


class Grant(models.Model):
    """One reward paid for a purchase; `value` in the card's currency at the moment it was paid."""

    PREFIX = "cbk"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    entry = OwnOneToOne("ledger.JournalEntry", on_delete=models.PROTECT)
    group = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField(help_text="1 for the group's first movement")
    currency = models.CharField(max_length=3)
    value = AmountColumn()
    value_left = AmountColumn(help_text="value less claw-backs")
    asset = models.CharField(max_length=16)
    units = AmountColumn(help_text="base units credited")
    units_left = AmountColumn()
    granted_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "group", "number"], name="a_reward_of_a_group_is_paid_once"
            ),
            models.CheckConstraint(
                condition=Q(value_left__gte=0, value_left__lte=F("value")),
                name="no_more_is_taken_back_than_was_granted",
            ),
        )

    def __str__(self) -> str:
        return f"{plain(self.units)} {self.asset} for {self.group}"


class ClawBack(models.Model):
    """A reward taken back, wholly or in part: in units that are still there, the rest in cash."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    entry = OwnOneToOne("ledger.JournalEntry", on_delete=models.PROTECT)
    grant = OwnKey(Grant, on_delete=models.PROTECT, related_name="claw_backs")
    value = AmountColumn()
    units = AmountColumn()
    cash = AmountColumn(help_text="owed in cash for units that were gone")
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{plain(self.value)} of {self.grant_id}"
