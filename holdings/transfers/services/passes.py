"""What time does: deliver what waited for its recipient, return what nobody took."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fx.prices.rules import Board
from holdings.trading.services.passes import each_alone
from holdings.transfers.models import PaymentLink, Request, RequestState, Transfer, TransferState
from holdings.transfers.services import payments, requests
from holdings.transfers.services.permission import can_receive
from holdings.transfers.services.telling import facts_of_transfer
from krak.core.errors import DomainError
from krak.core.transactions import transaction
from krak.notifications import services as notifications

AT_ONCE: Final = 200
"""Rows a pass looks at; the rest waits for the next one."""


def deliver_waiting(*, board: Board, now: datetime) -> int:
    """Deliver to recipients who have come to be able to take it; return how many transfers.

    The longest not looked at come first, so that nobody's wait hides another's.
    """
    waiting = (
        Transfer.objects.filter(
            state=TransferState.PENDING, recipient__isnull=False, expires_at__gt=now
        )
        .prefetch_related("recipient__user")
        .order_by("tried_at", "id")
    )[:AT_ONCE]
    return each_alone(list(waiting), lambda row: _deliver(row, board=board, now=now))


def expire_due(*, board: Board, now: datetime) -> int:
    """Return what nobody took in its time and end requests nobody paid; return how many."""
    due = {"expires_at__lte": now}
    over = Transfer.objects.filter(state=TransferState.PENDING, **due).order_by("expires_at")
    old = Request.objects.filter(state=RequestState.OPEN, **due).order_by("expires_at")
    return each_alone(
        list(over[:AT_ONCE]), lambda row: _return(row.id, board=board, now=now)
    ) + each_alone(list(old[:AT_ONCE]), lambda row: _close(row.id, board=board, now=now))


def _deliver(transfer: Transfer, *, board: Board, now: datetime) -> Transfer | None:
    """Try to deliver; whoever is not able yet is looked at again after all others."""
    recipient = transfer.recipient
    if recipient is None or not can_receive(recipient, now=now):
        _note_tried(transfer.id, now=now)
        return None
    try:
        with transaction():
            delivered = payments.accept(
                transfer_id=transfer.id, recipient=recipient, board=board, now=now
            )
            facts = facts_of_transfer(delivered, to=recipient.id, board=board, now=now)
            notifications.promise(recipient.id, "transfer.received", facts)
    except DomainError:
        # Its sender was frozen, or it ended meanwhile: nothing to deliver now.
        _note_tried(transfer.id, now=now)
        return None
    return delivered


@transaction
def _note_tried(transfer_id: UUID, *, now: datetime) -> None:
    Transfer.objects.filter(id=transfer_id, state=TransferState.PENDING).update(tried_at=now)


@transaction
def _return(transfer_id: UUID, *, board: Board, now: datetime) -> Transfer | None:
    transfer = payments.lock(transfer_id)
    if transfer.state != TransferState.PENDING or now < transfer.expires_at:
        return None
    payments.give_back(transfer, state=TransferState.EXPIRED, now=now)
    link = PaymentLink.objects.filter(transfer=transfer).first()
    kind = "transfer.expired" if link is None else "link.expired"
    named = {} if link is None else {"link": link.shown_id}
    for customer_id in filter(None, (transfer.customer_id, transfer.recipient_id)):
        facts = facts_of_transfer(transfer, to=customer_id, board=board, now=now)
        notifications.promise(customer_id, kind, facts | named)
    return transfer


@transaction
def _close(request_id: UUID, *, board: Board, now: datetime) -> Request | None:
    return requests.expire(request_id=request_id, board=board, now=now)
