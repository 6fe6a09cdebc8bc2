"""The outbox: work promised in the transaction that caused it, and done once."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q

from krak.core.ids import uuid7


class OutboxMessage(models.Model):
    """One promised piece of work: the name of a handler and the ids it needs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    topic = models.CharField(max_length=80)
    payload = models.JSONField()
    created_at = models.DateTimeField(db_default=TransactionNow())
    due_at = models.DateTimeField(db_default=TransactionNow())
    running_until = models.DateTimeField(
        null=True, help_text="a call to a vendor is under way; after this it has died"
    )
    attempts = models.SmallIntegerField(db_default=0, default=0)
    last_error = models.TextField(blank=True, default="", db_default="")
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True, help_text="given up; staff may send it again")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(dead_at=None),
                name="a_message_is_not_both_done_and_dead",
            ),
        )
        indexes = (
            models.Index(
                fields=["due_at"],
                name="outbox_pending",
                condition=Q(done_at=None, dead_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.topic} {self.id}"
