"""Which job ran for which slot of time."""

from django.db import models
from django.db.models import Q

from krak.core.ids import uuid7


class Run(models.Model):
    """One job in one slot: running until its time is over, finished, or to be tried again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.CharField(max_length=80)
    slot = models.DateTimeField(help_text="when the slot began")
    attempts = models.SmallIntegerField(default=1)
    started_at = models.DateTimeField(help_text="the last attempt")
    running_until = models.DateTimeField(
        null=True, help_text="an attempt is under way; after this it has died"
    )
    finished_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="", db_default="")
    bookmark = models.CharField(
        max_length=80, blank=True, default="", db_default="",
        help_text="how far a job that is done in pieces has come",
    )  # fmt: skip

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["job", "slot"], name="a_job_has_one_run_per_slot"),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(running_until=None),
                name="a_run_is_not_both_running_and_finished",
            ),
        )
        indexes = (models.Index(fields=["slot"], name="runs_by_age"),)

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%Y-%m-%d %H:%M}"
