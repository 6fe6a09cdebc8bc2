"""What a person must look at: one row per oddity, with an owner, notes and a closing reason."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from krak.core.ids import uuid7


class Status(models.TextChoices):
    """Whether somebody still has to do something."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Case(models.Model):
    """An oddity found by the engine; the same kind and subject is one case."""

    PREFIX = "case"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, null=True, blank=True
    )
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, help_text="Stripe's id of what it is about")
    details = models.JSONField(default=dict)
    status = models.CharField(max_length=6, choices=Status, default=Status.OPEN)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    notes = models.TextField(blank=True)
    closing_reason = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "subject"], name="an_oddity_is_one_case", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(status="OPEN", closed_at=None)
                | (Q(status="CLOSED", closed_at__isnull=False) & ~Q(closing_reason="")),
                name="a_case_is_closed_with_a_reason",
            ),
        )
        indexes = (
            models.Index(fields=["opened_at"], name="open_cases", condition=Q(status="OPEN")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
