"""Reads of proposals, and who may decide them."""

from uuid import UUID

from django.db.models import QuerySet

from krak.approvals.models import Proposal
from krak.approvals.registry import kind_of
from krak.approvals.rules import State
from krak.customers.models import User


def may_propose(kind: str, *, user: User) -> bool:
    """Tell whether this member of staff may propose things of this kind."""
    return user.is_staff and user.has_perm(kind_of(kind).propose)


def may_approve(kind: str, *, user: User) -> bool:
    """Tell whether this member of staff may decide on things of this kind, proposed by others."""
    return user.is_staff and user.has_perm(kind_of(kind).approve)


def may_decide(proposal: Proposal, *, user: User) -> bool:
    """Tell whether this member of staff may approve or reject it now; never what they proposed."""
    return (
        proposal.state == State.PROPOSED
        and proposal.proposed_by_id != user.pk
        and may_approve(proposal.kind, user=user)
    )


def proposal(proposal_id: UUID) -> Proposal | None:
    """Return one proposal with its people, or None."""
    found = Proposal.objects.select_related("proposed_by", "decided_by")
    return found.filter(id=proposal_id).first()


def open_proposals(*, kind: str, subject: str) -> QuerySet[Proposal]:
    """Return what waits for a decision about a subject, oldest first."""
    return Proposal.objects.filter(kind=kind, subject=subject, state=State.PROPOSED).order_by(
        "proposed_at"
    )
