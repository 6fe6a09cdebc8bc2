"""Files that are made for customers: what was asked for, how far it is, and the file."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from krak.core.ids import show, uuid7


class State(models.TextChoices):
    """What an export is doing; it follows from what happened to it."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED", "the file is gone"


class Export(models.Model):
    """One file that a customer asked for. `steps` batches are done, the next begins at `cursor`."""

    PREFIX = "exp"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    steps = models.IntegerField(default=0)
    cursor = models.JSONField(null=True)
    rows_done = models.IntegerField(default=0)
    rows_total = models.IntegerField(null=True, help_text="not known before it has begun")
    file_name = models.CharField(max_length=120, blank=True)
    media_type = models.CharField(max_length=80, blank=True)
    size = models.BigIntegerField(null=True, help_text="in bytes")
    sha256 = models.BinaryField(max_length=32, null=True)
    failure = models.CharField(max_length=80, blank=True, help_text="code of the refusal")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="the file is dropped then")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(failed_at=None),
                name="an_export_is_not_both_finished_and_failed",
            ),
            models.CheckConstraint(
                condition=Q(rows_total=None) | Q(rows_done__lte=F("rows_total")),
                name="no_more_rows_are_done_than_there_are",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None)
                | Q(size__isnull=False, sha256__isnull=False, expires_at__isnull=False),
                name="a_finished_export_has_a_file",
            ),
        )
        indexes = (
            models.Index(
                fields=["customer"],
                name="exports_under_way",
                condition=Q(finished_at=None, failed_at=None),
            ),
            models.Index(
                fields=["created_at"],
                name="unfinished_exports_by_age",
                condition=Q(finished_at=None, failed_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.customer_id}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)

    def state_at(self, now: datetime) -> State:
        """Return what it is doing at a moment."""
        if self.failed_at is not None:
            return State.FAILED
        if self.finished_at is None:
            return State.WAITING if self.started_at is None else State.RUNNING
        gone = self.expires_at is not None and self.expires_at <= now
        return State.EXPIRED if gone else State.READY


class ExportPart(models.Model):
    """What one batch gave, until the file is whole."""

    pk = models.CompositePrimaryKey("export_id", "number")
    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    name = models.CharField(max_length=80, blank=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.number} of {self.export_id}"


class ExportFile(models.Model):
    """The file itself, in its customer's shard and backups; it goes when its time is over."""

    export = models.OneToOneField(
        Export, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    content = models.BinaryField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["expires_at"], name="export_files_by_end"),)

    def __str__(self) -> str:
        return f"file of {self.export_id}"
