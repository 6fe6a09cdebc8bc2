"""The inbox: what the outside told us, word for word, each event once."""

from django.contrib.postgres.functions import TransactionNow
from django.db import models

from krak.core.ids import uuid7


class InboxEvent(models.Model):
    """One event of one provider; `body` is what arrived, unchanged."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=120)
    type = models.CharField(max_length=120)
    body = models.TextField()
    received_at = models.DateTimeField(db_default=TransactionNow())
    processed_at = models.DateTimeField(null=True)
    waits_for = models.CharField(
        max_length=120, blank=True, default="", db_default="",
        help_text="what the event is about and has not arrived; it is applied when that has",
    )  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["provider", "event_id"], name="an_event_of_a_provider_is_kept_once"
            ),
        )
        indexes = (
            models.Index(fields=["-received_at"], name="inbox_newest_first"),
            models.Index(
                fields=["provider", "waits_for"],
                name="inbox_waiting",
                condition=~models.Q(waits_for=""),
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class PastEvent(models.Model):
    """An event that lies in the archive. Its repeat is known by these sixteen bytes, for good."""

    id = models.UUIDField(
        primary_key=True, editable=False, help_text="of the digest of provider and event id"
    )

    def __str__(self) -> str:
        return str(self.id)
