"""Knowing our customers: what was checked about them, and what that lets them do."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from krak.core.fields import AmountColumn
from krak.core.ids import show, uuid7


class VerificationState(models.TextChoices):
    """How far a check has come. `sql/verification.sql` refuses any other step than these name."""

    STARTED = "STARTED", "waiting for the customer"
    SUBMITTED = "SUBMITTED", "with the provider"
    IN_REVIEW = "IN_REVIEW", "with our staff"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


OPEN = ("STARTED", "SUBMITTED", "IN_REVIEW")


class Verification(models.Model):
    """One attempt to reach one level. Level 1: name, birth date, country; 2: document, liveness.

    Documents stay with the provider; we keep references.
    """

    PREFIX = "ver"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    level = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=9, choices=VerificationState, default=VerificationState.STARTED
    )
    provider = models.CharField(max_length=20, help_text="who checks")
    provider_reference = models.CharField(max_length=80, blank=True)
    documents = models.JSONField(default=list, help_text="[{kind, reference}]")
    person = models.JSONField(default=dict, help_text="what was checked, as it was submitted")
    reason = models.CharField(max_length=200, blank=True, help_text="why it was decided so")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    started_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="an approval lasts until then")

    class Meta:
        permissions = (("decide_verification", "Can approve and reject what is in review"),)
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "level"],
                condition=Q(state__in=OPEN),
                name="one_attempt_at_a_level_is_open",
            ),
            models.CheckConstraint(
                condition=Q(level__in=[1, 2]), name="a_verification_reaches_level_1_or_2"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, decided_at=None)
                | Q(state__in=["APPROVED", "EXPIRED"], decided_at__isnull=False)
                | (Q(state="REJECTED", decided_at__isnull=False) & ~Q(reason="")),
                name="a_rejection_has_a_reason",
            ),
        )
        indexes = (
            models.Index(
                fields=["submitted_at"],
                name="verifications_to_review",
                condition=Q(state="IN_REVIEW"),
            ),
        )

    def __str__(self) -> str:
        return f"level {self.level} of {self.customer_id}: {self.state}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class Act(models.TextChoices):
    """What a level of verification allows more or less of."""

    DEPOSIT = "DEPOSIT"
    WITHDRAW = "WITHDRAW"
    TRADE = "TRADE"
    CARD = "CARD"
    PAY = "PAY", "pay people"


class KycRule(models.Model):
    """How much of an act a level allows, from a moment on. Never edited: a change is a newer row.

    The newest row in force wins; without one the level does not allow the act. No amount: no limit.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    level = models.PositiveSmallIntegerField()
    act = models.CharField(max_length=10, choices=Act)
    allowed = models.BooleanField()
    currency = models.CharField(max_length=16, help_text="of the amounts")
    per_day = AmountColumn(null=True, blank=True, help_text="in a UTC day")
    per_month = AmountColumn(null=True, blank=True, help_text="in a UTC month")
    effective_at = models.DateTimeField()

    class Meta:
        verbose_name = "KYC rule"
        constraints = (
            models.UniqueConstraint(
                fields=["level", "act", "effective_at"], name="a_rule_begins_once"
            ),
            models.CheckConstraint(
                condition=(Q(per_day=None) | Q(per_day__gte=0))
                & (Q(per_month=None) | Q(per_month__gte=0)),
                name="kyc_limits_are_not_negative",
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} at level {self.level} from {self.effective_at:%Y-%m-%d}"
