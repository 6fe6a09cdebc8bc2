"""Copies of the board, for a start without Valkey, and how providers were doing."""

from django.db import models

from krak.core.ids import uuid7


class BoardCopy(models.Model):
    """A board as it was published, one a minute. Those of past days lie in the archive."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.BigIntegerField(help_text="microseconds since 1970")
    built_at = models.DateTimeField()
    body = models.TextField(help_text="as in Valkey, see fx/prices/codec.py")

    class Meta:
        verbose_name_plural = "board copies"
        constraints = (
            models.UniqueConstraint(fields=["version"], name="a_board_is_copied_once"),
            models.CheckConstraint(
                condition=models.Q(version__gt=0), name="a_boards_version_is_positive"
            ),
        )

    def __str__(self) -> str:
        return f"board {self.version}"


class ProviderReport(models.Model):
    """How a provider was doing a minute ago at most; what it is doing now lies in Valkey."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=40)
    body = models.JSONField(help_text="see fx/prices/health.py")
    reported_at = models.DateTimeField()

    class Meta:
        verbose_name = "price provider"
        ordering = ("provider",)
        constraints = (
            models.UniqueConstraint(fields=["provider"], name="a_provider_has_one_report"),
        )

    def __str__(self) -> str:
        return self.provider
