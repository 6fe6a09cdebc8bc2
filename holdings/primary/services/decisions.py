"""Two people accept a request; one rejects it, and says why."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fx.prices import live
from holdings.primary import queries
from holdings.primary.models import Request, RequestState
from holdings.primary.rules import Side
from holdings.primary.services.permission import require_possible
from holdings.primary.services.requests import TO_DECIDE, end_unsettled, locked_request
from holdings.primary.services.telling import tell_of
from krak.approvals import services as approvals
from krak.approvals.rules import Proposed
from krak.cases import services as cases
from krak.core.audit.context import because
from krak.core.errors import DomainError, Kind
from krak.core.ids import read, show
from krak.core.money import plain
from krak.core.outbox import services as outbox
from krak.core.rows import save_row
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer, User
from krak.customers.queries import customer as customer_of

if TYPE_CHECKING:
    from krak.approvals.models import Proposal

KIND: Final = "primary.accept"
NOT_APPROVED: Final = "Not approved."


class NotWaiting(DomainError):
    """Only what waits for a decision can be decided."""

    code = "primary.not_waiting"
    title = "This request does not wait for a decision."
    kind = Kind.CONFLICT


class ReasonMissing(DomainError):
    """Staff reject a request or end a party and do not say why."""

    code = "primary.reason_missing"
    title = "Rejecting a request and ending a party need a reason."


@transaction
def propose_acceptance(*, request_id: UUID, reason: str, by: User, now: datetime) -> "Proposal":
    """Put the acceptance of a request before a second person.

    Raises:
        NotWaiting: it does not wait for a decision.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    found = Request.objects.select_related("party").get(id=request_id)
    _require_waiting(found)
    payload: dict[str, Any] = {
        "customer": show(Customer.PREFIX, found.customer_id),
        "side": found.side.lower(),
        "asset": found.asset,
        "gives": plain(found.given),
        "worth_usd": plain(found.usd_value),
        "network": found.party.network,
    }
    return approvals.propose(
        kind=KIND,
        subject=show(Request.PREFIX, found.id),
        payload=payload,
        reason=reason,
        by=by,
        now=now,
    )


@takes_part
def accept(*, request_id: UUID, now: datetime) -> None:
    """Promise a request to the issuer, as two people agreed.

    Raises:
        NotWaiting: it was canceled or rejected meanwhile.
        NotAParty: the party has ended meanwhile.
        What `require_possible` raises: it is not possible any more, or not right now.
    """
    found = locked_request(request_id)
    _require_waiting(found)
    require_possible(
        customer=customer_of(found.customer_id),
        party=queries.require_party(customer_id=found.customer_id),
        side=Side(found.side),
        asset=found.asset,
        board=live.current(),
        now=now,
    )
    found.state, found.approved_at = RequestState.APPROVED, now
    save_row(found)
    cases.settle_case(
        kind=TO_DECIDE, subject=show(Request.PREFIX, found.id), reason="Two people accepted it.",
        now=now,
    )  # fmt: skip
    outbox.promise("primary.submit", {"request": str(found.id)})


@takes_part
def turn_down(*, proposed: Proposed, now: datetime) -> None:
    """Reject a request that the second person did not approve.

    A proposal that was withdrawn or has run out leaves it waiting: it can be proposed anew.
    """
    if proposed.decided_by in {None, proposed.proposed_by}:
        return
    found = locked_request(read(Request.PREFIX, proposed.subject))
    if found.state == RequestState.REQUESTED:
        reject_waiting(found, why=NOT_APPROVED, now=now)


@transaction
def reject(*, request_id: UUID, reason: str, now: datetime) -> None:
    """Reject a request: what it set aside is free, and the customer is told why.

    Raises:
        ReasonMissing: the reason is empty.
        NotWaiting: it was accepted or has ended.
    """
    if not reason.strip():
        raise ReasonMissing
    with because(reason.strip()):
        found = locked_request(request_id)
        _require_waiting(found)
        reject_waiting(found, why=reason.strip(), now=now)


@takes_part
def reject_waiting(request: Request, *, why: str, now: datetime) -> None:
    """Reject what waits for a decision, and tell the customer. The book must be locked."""
    end_unsettled(request, RequestState.REJECTED, why=why, now=now)
    tell_of(request, "primary.rejected", now=now)


def _require_waiting(request: Request) -> None:
    if request.state != RequestState.REQUESTED:
        raise NotWaiting(state=request.state.lower())
