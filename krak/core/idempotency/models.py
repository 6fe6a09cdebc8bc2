"""The answers we gave, by the key the client chose, so that a repeat is answered and not done."""

from django.db import models
from django.db.models import Q

from krak.core.ids import uuid7


class KeptAnswer(models.Model):
    """One `Idempotency-Key` of one owner, what was asked with it and what was answered.

    Written in the transaction of the effect: whoever sees a row sees it finished.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.UUIDField(help_text="whose key it is; the same key of another is another key")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the answer")
    body = models.TextField(default="", db_default="", help_text="the answer's JSON, as it went")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["owner", "key"], name="a_key_of_an_owner_is_used_once"),
            models.CheckConstraint(
                condition=Q(status=None, finished_at=None)
                | Q(
                    status__isnull=False,
                    status__gte=200,
                    status__lte=299,
                    finished_at__isnull=False,
                ),
                name="only_successes_are_kept",
            ),
        )
        indexes = (models.Index(fields=["created_at"], name="kept_answers_by_age"),)

    def __str__(self) -> str:
        return f"{self.key} of {self.owner}"
