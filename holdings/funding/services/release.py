"""Let two people release a large withdrawal, or give the money back."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from holdings.funding.models import Withdrawal, WithdrawalState
from holdings.funding.services.withdrawals import end_unsent
from holdings.ledger import services as ledger
from krak.approvals import services as approvals
from krak.approvals.rules import Proposed
from krak.cases import services as cases
from krak.core.errors import DomainError, Kind
from krak.core.ids import read, show
from krak.core.money import plain
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer, User

if TYPE_CHECKING:
    from krak.approvals.models import Proposal

KIND: Final = "funding.release_withdrawal"


class NotWaiting(DomainError):
    """Only what waits for approval can be released."""

    code = "funding.not_waiting"
    title = "This withdrawal does not wait for approval."
    kind = Kind.CONFLICT


@transaction
def propose_release(*, withdrawal_id: UUID, reason: str, by: User, now: datetime) -> "Proposal":
    """Put the release of a large withdrawal before a second person.

    Raises:
        NotWaiting: it does not wait for approval.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    found = Withdrawal.objects.select_related("destination").get(id=withdrawal_id)
    if found.state != WithdrawalState.AWAITING_APPROVAL:
        raise NotWaiting(state=found.state.lower())
    payload: dict[str, Any] = {
        "customer": show(Customer.PREFIX, found.customer_id),
        "amount": plain(found.amount),
        "fee": plain(found.fee),
        "currency": found.currency,
        "rail": found.rail,
    }
    return approvals.propose(
        kind=KIND,
        subject=show(Withdrawal.PREFIX, found.id),
        payload=payload,
        reason=reason,
        by=by,
        now=now,
    )


@takes_part
def release(*, proposed: Proposed, now: datetime) -> str:
    """Send what two people agreed on.

    Raises:
        NotWaiting: it was canceled meanwhile.
    """
    found = _locked(proposed)
    if found.state != WithdrawalState.AWAITING_APPROVAL:
        raise NotWaiting(state=found.state.lower())
    found.state = WithdrawalState.READY
    found.save(update_fields=["state"])
    cases.settle_case(
        kind="withdrawal_to_approve", subject=proposed.subject,
        reason="Two people agreed to send it.", now=now,
    )  # fmt: skip
    outbox.promise("funding.send", {"withdrawal": str(found.id)})
    return f"funding.withdrawal:{found.id}"


@takes_part
def turn_down(*, proposed: Proposed, now: datetime) -> None:
    """Give the money back: the release was rejected, withdrawn or not decided in time."""
    found = _locked(proposed)
    if found.state == WithdrawalState.AWAITING_APPROVAL:
        end_unsent(found, why="Not approved.", now=now)


def _locked(proposed: Proposed) -> Withdrawal:
    ledger.lock_books([read(Customer.PREFIX, proposed.payload["customer"])])
    return Withdrawal.objects.select_related("destination").get(
        id=read(Withdrawal.PREFIX, proposed.subject)
    )
