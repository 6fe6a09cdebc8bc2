"""What was counted while Valkey was away."""

from django.db import models


class Hit(models.Model):
    """One time that something happened. Written and read by `limits_take` only.

    The table is unlogged: what it holds is worth nothing after a minute, and less after a crash.
    """

    key = models.CharField(max_length=160)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["key", "at"], name="hits_by_key"),)

    def __str__(self) -> str:
        return f"{self.key} at {self.at}"
