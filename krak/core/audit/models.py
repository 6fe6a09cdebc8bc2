"""Who changed what, when and why. Triggers write it, whoever changes a row and however."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models


class Operation(models.TextChoices):
    """What was done to the row."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class RowChange(models.Model):
    """One change of one row of a table that staff can edit. Append-only.

    `changed` maps columns to [before, after], `proofs` to [salt, digest]; an erased value has lost
    its salt. `actor` is the user who was signed in; without one the product did it, or somebody at
    the database's own door (`database_role`).
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    at = models.DateTimeField()
    table = models.CharField(max_length=63)
    row = models.CharField(max_length=100, help_text="primary key")
    operation = models.CharField(max_length=6, choices=Operation)
    changed = models.JSONField()
    proofs = models.JSONField(default=dict)
    actor = models.UUIDField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    database_role = models.CharField(max_length=63)

    class Meta:
        indexes = (
            models.Index(fields=["table", "row", "at"], name="changes_of_a_row"),
            models.Index(fields=["actor", "at"], name="changes_by_a_person"),
        )

    def __str__(self) -> str:
        return f"{self.operation} {self.table} {self.row}"


class Link(models.Model):
    """One link of the chain that ties each change to the one before, by commits. Append-only."""

    sequence = models.BigIntegerField(primary_key=True)
    change = models.OneToOneField(RowChange, on_delete=models.PROTECT)
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.sequence} {bytes(self.hash).hex()}"
