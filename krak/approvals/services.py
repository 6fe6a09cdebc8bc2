"""Propose, approve, reject, withdraw, expire: two people, one effect."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from krak.approvals.models import Proposal
from krak.approvals.queries import may_approve, may_propose
from krak.approvals.registry import kind_of
from krak.approvals.rules import State, content_hash
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User


class ProposalNotFound(DomainError):
    """No such proposal."""

    code = "approvals.not_found"
    title = "There is no such proposal."
    kind = Kind.NOT_FOUND


class NotAllowed(DomainError):
    """Their rights do not cover proposals of this kind."""

    code = "approvals.not_allowed"
    title = "Proposing or deciding this takes a right that is missing."
    kind = Kind.FORBIDDEN


class OwnProposal(DomainError):
    """The maker would be the checker; superusers are no exception."""

    code = "approvals.own_proposal"
    title = "Nobody decides what they proposed."
    kind = Kind.FORBIDDEN


class WordsMissing(DomainError):
    """A proposal without a reason, or a decision without a note."""

    code = "approvals.words_missing"
    title = "A proposal needs a reason and a decision a note, of at most 500 characters."


class AlreadyProposed(DomainError):
    """The very same waits for a decision already."""

    code = "approvals.already_proposed"
    title = "Exactly this has been proposed and waits for a decision."
    kind = Kind.CONFLICT


class ContentChanged(DomainError):
    """What would be approved is not what the checker was shown."""

    code = "approvals.content_changed"
    title = "This is not what was shown; look at it again."
    kind = Kind.CONFLICT


class AlreadyDecided(DomainError):
    """Somebody was faster, or it was withdrawn or has expired."""

    code = "approvals.already_decided"
    title = "This proposal is not open any more."
    kind = Kind.CONFLICT


LONGEST_WORDS: Final = 500


@takes_part
def propose(
    *, kind: str, subject: str, payload: dict[str, Any], reason: str, by: User, now: datetime
) -> Proposal:
    """Put something before a second person; nothing happens until they approve.

    `payload` is plain JSON with amounts as text. The same person proposing the same again, while
    it is open, gets the first proposal.

    Raises:
        NotAllowed: `by` lacks the kind's right to propose.
        WordsMissing: the reason is empty or too long.
        AlreadyProposed: somebody else proposed exactly this, and it is open.
    """
    if not may_propose(kind, user=by):
        raise NotAllowed(kind=kind)
    digest = content_hash(kind=kind, subject=subject, payload=payload)
    row = Proposal(
        id=uuid7(),
        kind=kind,
        subject=subject,
        payload=payload,
        reason=_words(reason),
        content_hash=digest,
        proposed_by=by,
        proposed_at=now,
        expires_at=now + kind_of(kind).open_for,
    )
    Proposal.objects.bulk_create([row], ignore_conflicts=True)
    kept = Proposal.objects.filter(content_hash=digest, state=State.PROPOSED).first()
    # None: the other one has been decided since.
    if kept is None or kept.proposed_by_id != by.pk:
        raise AlreadyProposed(subject=subject)
    return kept


@transaction
def approve(
    *, proposal_id: UUID, content_hash: str, by: User, note: str, now: datetime
) -> Proposal:
    """Carry out what another person proposed, in one transaction with the approval.

    `content_hash` is of what the checker was shown. The same person approving again gets the
    first answer, and nothing happens twice. A refusal by what carries it out changes nothing.

    Raises:
        ProposalNotFound, NotAllowed, OwnProposal, WordsMissing: as their titles say.
        AlreadyDecided: it is decided, withdrawn or expired.
        ContentChanged: the hash is of something else.
    """
    proposal = _lock(proposal_id)
    _require_checker(proposal, by)
    if content_hash != proposal.content_hash or not _is_intact(proposal):
        raise ContentChanged(proposal=proposal.shown_id)
    if proposal.state == State.APPROVED and proposal.decided_by_id == by.pk:
        return proposal
    _require_open(proposal, now=now)
    note = _words(note)
    proposal.decided_by = by
    proposal.outcome = kind_of(proposal.kind).carry_out(proposed=proposal.proposed, now=now)
    _end(proposal, State.APPROVED, by=by, note=note, now=now)
    return proposal


@transaction
def reject(*, proposal_id: UUID, by: User, note: str, now: datetime) -> Proposal:
    """Decide against what another person proposed; the same person again changes nothing.

    Raises:
        ProposalNotFound, NotAllowed, OwnProposal, WordsMissing: as their titles say.
        AlreadyDecided: it is decided otherwise, withdrawn or expired.
    """
    proposal = _lock(proposal_id)
    _require_checker(proposal, by)
    if proposal.state == State.REJECTED and proposal.decided_by_id == by.pk:
        return proposal
    _require_open(proposal, now=now)
    _end(proposal, State.REJECTED, by=by, note=_words(note), now=now)
    return proposal


@transaction
def withdraw(*, proposal_id: UUID, by: User, now: datetime) -> Proposal:
    """Take back one's own proposal; again is harmless.

    Raises:
        ProposalNotFound: there is none.
        NotAllowed: it is somebody else's.
        AlreadyDecided: it is decided or expired.
    """
    proposal = _lock(proposal_id)
    if proposal.proposed_by_id != by.pk:
        raise NotAllowed(kind=proposal.kind)
    if proposal.state == State.WITHDRAWN:
        return proposal
    _require_open(proposal, now=now)
    _end(proposal, State.WITHDRAWN, by=by, note="", now=now)
    return proposal


def expire(*, now: datetime) -> int:
    """End what nobody decided in time, each in a transaction of its own; return how many."""
    ended = 0
    overdue = Proposal.objects.filter(state=State.PROPOSED, expires_at__lte=now)
    for proposal_id in list(overdue.values_list("id", flat=True)):
        with transaction():
            proposal = _lock(proposal_id)
            if proposal.state == State.PROPOSED:
                _end(proposal, State.EXPIRED, by=None, note="", now=now)
                ended += 1
    return ended


def _lock(proposal_id: UUID) -> Proposal:
    found = Proposal.objects.select_for_update(no_key=True).filter(id=proposal_id).first()
    if found is None:
        raise ProposalNotFound
    return found


def _require_checker(proposal: Proposal, by: User) -> None:
    if proposal.proposed_by_id == by.pk:
        raise OwnProposal(proposal=proposal.shown_id)
    if not may_approve(proposal.kind, user=by):
        raise NotAllowed(kind=proposal.kind)


def _require_open(proposal: Proposal, *, now: datetime) -> None:
    if proposal.state != State.PROPOSED or now >= proposal.expires_at:
        raise AlreadyDecided(proposal=proposal.shown_id, state=str(proposal.state))


def _is_intact(proposal: Proposal) -> bool:
    return proposal.content_hash == content_hash(
        kind=proposal.kind, subject=proposal.subject, payload=proposal.payload
    )


def _end(proposal: Proposal, state: State, *, by: User | None, note: str, now: datetime) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, now
    proposal.decision_note = note
    proposal.save(update_fields=["state", "decided_by", "decided_at", "decision_note", "outcome"])
    turned_down = kind_of(proposal.kind).turned_down
    if state != State.APPROVED and turned_down is not None:
        turned_down(proposed=proposal.proposed, now=now)


def _words(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= LONGEST_WORDS:
        raise WordsMissing
    return text
