"""Each comparison of Stripe's records with ours, and what came of it."""

from django.db import models
from django.db.models import F, Q

from krak.core.ids import uuid7


class Run(models.Model):
    """One comparison of everything that Stripe made since `since`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    since = models.DateTimeField()
    started_at = models.DateTimeField()
    alive_at = models.DateTimeField(null=True, help_text="when it last asked for a page")
    finished_at = models.DateTimeField(null=True)
    transactions = models.PositiveIntegerField(default=0, help_text="seen at Stripe")
    authorizations = models.PositiveIntegerField(default=0, help_text="seen at Stripe")
    disputes = models.PositiveIntegerField(default=0, db_default=0, help_text="seen at Stripe")
    repaired = models.PositiveIntegerField(default=0, help_text="applied, a webhook was lost")
    unexplained = models.PositiveIntegerField(default=0, help_text="put before staff")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
                name="a_run_ends_after_it_began",
            ),
            models.UniqueConstraint(
                fields=["since"],
                name="a_window_is_compared_by_one_run_at_a_time",
                condition=Q(finished_at=None),
            ),
        )
        indexes = (models.Index(fields=["-started_at"], name="newest_runs_first"),)

    def __str__(self) -> str:
        return f"run of {self.started_at:%Y-%m-%d %H:%M}"
