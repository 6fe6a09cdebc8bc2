"""Which rows lie in which file of the archive, and whether their table still has them."""

from datetime import timedelta
from typing import Final

from django.db import models
from django.db.models import Q

from krak.core.ids import uuid7

DAY: Final = timedelta(days=1)


class Archive(models.Model):
    """Rows of a kind that came on one day, in one file.

    Begun, then written, then the rows are dropped from their table. Rows of the day that could not
    go yet get a file of their own, later.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20)
    day = models.DateField(help_text="on which the rows came, UTC")
    name = models.CharField(max_length=120, help_text="of the file, in the archive's storage")
    rows = models.IntegerField(null=True)
    size = models.BigIntegerField(null=True, help_text="in bytes, compressed")
    sha256 = models.BinaryField(max_length=32, null=True, help_text="of the compressed file")
    begun_at = models.DateTimeField()
    written_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True, help_text="the rows are in the file only")
    restored_until = models.DateTimeField(
        null=True, help_text="the rows are back in their table, and go again after this"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "day"],
                name="a_day_is_written_to_one_file_at_a_time",
                condition=Q(written_at=None),
            ),
            models.UniqueConstraint(fields=["name"], name="a_file_has_one_archive"),
            models.CheckConstraint(
                condition=Q(written_at=None)
                | Q(rows__isnull=False, rows__gt=0, size__isnull=False, sha256__isnull=False),
                name="a_written_archive_has_rows_and_a_digest",
            ),
            models.CheckConstraint(
                condition=Q(dropped_at=None) | Q(written_at__isnull=False),
                name="only_what_is_written_is_dropped",
            ),
            models.CheckConstraint(
                condition=Q(dropped_at=None) | Q(restored_until=None),
                name="restored_rows_are_in_their_table",
            ),
        )
        indexes = (
            models.Index(fields=["kind", "day"], name="archives_by_day"),
            models.Index(
                fields=["kind"], name="archives_not_yet_dropped", condition=Q(dropped_at=None)
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.day}"
