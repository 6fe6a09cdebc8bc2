"""What one member of staff proposes and another decides."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from krak.approvals.rules import Proposed, State
from krak.core.ids import show, uuid7

DECIDED = (State.APPROVED.value, State.REJECTED.value)


class Proposal(models.Model):
    """Something that takes two people. Its content never changes, and it is decided once."""

    PREFIX = "prop"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, help_text="what it is about: an asset, a customer")
    payload = models.JSONField()
    reason = models.CharField(max_length=500)
    content_hash = models.CharField(max_length=64, help_text="of kind, subject and payload")
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(
        max_length=9,
        choices=[(each.value, each.value) for each in State],
        default=State.PROPOSED.value,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=500, blank=True)
    outcome = models.CharField(max_length=200, blank=True, help_text="what carrying it out led to")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(state__in=DECIDED) | ~Q(decided_by=F("proposed_by")),
                name="nobody_decides_what_they_proposed",
            ),
            models.CheckConstraint(
                condition=Q(state=State.PROPOSED, decided_by=None, decided_at=None)
                | Q(state=State.EXPIRED, decided_by=None, decided_at__isnull=False)
                | Q(state=State.WITHDRAWN, decided_by=F("proposed_by"), decided_at__isnull=False)
                | (
                    Q(state__in=DECIDED, decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(decision_note="")
                ),
                name="a_decision_has_a_decider_a_time_and_a_note",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_proposal_has_a_reason"),
            models.CheckConstraint(
                condition=Q(content_hash__regex=r"^[0-9a-f]{64}$"),
                name="a_content_hash_is_sha_256",
            ),
            models.UniqueConstraint(
                fields=["content_hash"],
                condition=Q(state=State.PROPOSED),
                name="the_same_is_proposed_once_at_a_time",
            ),
        )
        indexes = (
            models.Index(
                fields=["proposed_at"], name="open_proposals", condition=Q(state=State.PROPOSED)
            ),
            models.Index(fields=["kind", "subject"], name="proposals_by_subject"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def shown_id(self) -> str:
        """The id that staff quote."""
        return show(self.PREFIX, self.id)

    @property
    def proposed(self) -> Proposed:
        """What was proposed, as a value."""
        return Proposed(
            id=self.id,
            kind=self.kind,
            subject=self.subject,
            payload=self.payload,
            reason=self.reason,
            proposed_by=self.proposed_by_id,
            decided_by=self.decided_by_id,
        )
