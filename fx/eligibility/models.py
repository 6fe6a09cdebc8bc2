"""Rules of who may buy what, and who proved to understand it. Both are only ever added to."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q

from fx.assets.rules import AssetClass
from fx.eligibility.rules import Verdict
from krak.core.ids import uuid7

CLASSES = [(each.value, each.value) for each in AssetClass]
VERDICTS = [(each.value, each.value) for each in Verdict]


class EligibilityRule(models.Model):
    """From a moment on, what holds for a class of assets in one country. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset_class = models.CharField(max_length=10, choices=CLASSES)
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2 code of residence")
    verdict = models.CharField(max_length=20, choices=VERDICTS)
    effective_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        indexes = (
            models.Index(
                fields=["asset_class", "country", "-effective_at"], name="eligibility_in_force"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(country__regex=r"^[A-Z]{2}$"),
                name="a_rule_is_for_a_country_of_two_letters",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=[each.value for each in Verdict]),
                name="a_verdict_is_one_we_know",
            ),
            models.CheckConstraint(
                condition=Q(asset_class__in=[each.value for each in AssetClass]),
                name="an_asset_class_is_one_we_know",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asset_class} {self.country} {self.verdict}"


class SuitabilityCheck(models.Model):
    """What a customer made of the statements about a class of assets. Append-only."""

    PREFIX = "suit"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    asset_class = models.CharField(max_length=10, choices=CLASSES)
    answers = models.JSONField()
    passed = models.BooleanField()
    checked_at = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(
                fields=["customer", "asset_class", "-checked_at"], name="suitability_in_time"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("checked_at")),
                name="a_suitability_check_is_valid_for_a_while",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asset_class} {'passed' if self.passed else 'failed'}"
