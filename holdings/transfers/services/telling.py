"""What people are told, and what the journal says of money between them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fx.prices.rules import Board
from holdings.ledger.queries import told
from holdings.transfers.models import Request, Transfer


def facts_of_transfer(
    transfer: Transfer, *, to: UUID, board: Board, now: datetime
) -> dict[str, Any]:
    """Return what the app makes a sentence of for one of the two."""
    return {
        "transfer": transfer.shown_id,
        "amount": _amount(transfer, board=board, now=now),
        "counterparty": counterparty_tag(transfer, of=to),
        "note": transfer.note,
    }


def facts_of_request(request: Request, *, to: UUID, board: Board, now: datetime) -> dict[str, Any]:
    """Return what the app makes a sentence of for one of the two."""
    other = request.payer_tag if to == request.customer_id else request.requester_tag
    return {
        "request": request.shown_id,
        "amount": _amount(request, board=board, now=now),
        "counterparty": other or None,
        "note": request.note,
    }


def counterparty_tag(transfer: Transfer, *, of: UUID) -> str | None:
    """Return the other one's tag as it was then; None if they have none, or nobody is there yet."""
    tag = transfer.recipient_tag if of == transfer.customer_id else transfer.sender_tag
    return tag or None


def details_of(transfer: Transfer) -> dict[str, Any]:
    """Return what the journal keeps of a transfer.

    Neither tags nor notes: the journal is never changed, and people are forgotten when they leave.
    """
    return {"transfer": transfer.shown_id, "transfer_kind": transfer.kind.lower()}


def _amount(row: Transfer | Request, *, board: Board, now: datetime) -> dict[str, str]:
    return told(row.units, code=row.currency, board=board, now=now)
