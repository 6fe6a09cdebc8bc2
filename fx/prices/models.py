"""Copies of the board, for a start without Valkey."""

from django.db import models

from krak.core.ids import uuid7


class BoardCopy(models.Model):
    """A board as it was published. Only the newest hour of them is kept."""

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
