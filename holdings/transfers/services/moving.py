"""Money leaves, arrives and comes back: one entry each, in the book of one customer.

Who is paid acquires at what it is worth, and who pays disposes of it then, each in the home
currency of its owner; what waits meanwhile is only moved. The books of all concerned must be
locked.
"""

from datetime import datetime
from uuid import UUID

from fx.prices.rules import Board
from fx.quotes.queries import side_of
from fx.quotes.rules import middle_value
from holdings.ledger import services as ledger
from holdings.ledger.queries import entry_caused_by
from holdings.ledger.rules import CREDIT, DEBIT, Entry, House, Leg
from holdings.lots import services as lots
from holdings.trading.services import promise_auto_convert
from holdings.transfers.models import Transfer, TransferState
from holdings.transfers.services.telling import details_of
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer


@takes_part
def leave(transfer: Transfer, *, sender: Customer, board: Board, now: datetime) -> None:
    """Take the money from its sender; coins that wait are theirs still, at what they cost."""
    entry = _entry(transfer, sender.id, "sent", out=True, now=now)
    ledger.post(entry)
    if transfer.currency == sender.home_currency:
        return
    if transfer.state == TransferState.COMPLETED:
        _dispose(transfer, sender=sender, entry_id=entry.id, board=board, now=now)
    else:
        lots.move_out(
            customer_id=sender.id,
            currency=transfer.currency,
            units=transfer.units,
            entry_id=entry.id,
            now=now,
        )


@takes_part
def hand_over(transfer: Transfer, *, board: Board, now: datetime) -> None:
    """Let coins that waited be disposed of now that they are paid: an entry that moves nothing."""
    if transfer.currency == transfer.customer.home_currency:
        return
    legs = tuple(
        Leg(side, transfer.currency, transfer.units, house=House.IN_TRANSIT)
        for side in (DEBIT, CREDIT)
    )
    entry = _of(transfer, transfer.customer_id, "delivered", legs, now=now)
    ledger.post(entry)
    lots.hand_back(customer_id=transfer.customer_id, moved_by=_sent(transfer), entry_id=entry.id)
    _dispose(transfer, sender=transfer.customer, entry_id=entry.id, board=board, now=now)


@takes_part
def arrive(transfer: Transfer, *, recipient: Customer, board: Board, now: datetime) -> None:
    """Give the money to its recipient; their auto-convert rule sees it."""
    entry = _entry(transfer, recipient.id, "received", out=False, now=now)
    ledger.post(entry)
    if transfer.currency != recipient.home_currency:
        own, home = (side_of(x, board=board) for x in (transfer.currency, recipient.home_currency))
        lots.add(
            [
                lots.Arrival(
                    customer_id=recipient.id,
                    currency=transfer.currency,
                    units=transfer.units,
                    cost=middle_value(transfer.units, own, home),
                    cost_currency=recipient.home_currency,
                    entry_id=entry.id,
                    acquired_at=now,
                )
            ]
        )
    promise_auto_convert(
        customer_id=recipient.id,
        currency=transfer.currency,
        amount=transfer.units,
        cause=entry.cause,
    )


@takes_part
def come_back(transfer: Transfer, *, now: datetime) -> None:
    """Give the money back to its sender, whatever the market does; lots come back as they left."""
    entry = _entry(transfer, transfer.customer_id, "returned", out=False, now=now)
    ledger.post(entry)
    lots.bring_back(customer_id=transfer.customer_id, moved_by=_sent(transfer), entry_id=entry.id)


def _dispose(
    transfer: Transfer, *, sender: Customer, entry_id: UUID, board: Board, now: datetime
) -> None:
    own, home = (side_of(x, board=board) for x in (transfer.currency, sender.home_currency))
    lots.take(
        customer_id=sender.id,
        currency=transfer.currency,
        units=transfer.units,
        proceeds=middle_value(transfer.units, own, home),
        entry_id=entry_id,
        now=now,
    )


def _sent(transfer: Transfer) -> UUID:
    """Return the entry with which the money left its sender."""
    return entry_caused_by(f"transfer:{transfer.id}:sent", customer_id=transfer.customer_id)


def _entry(transfer: Transfer, customer_id: UUID, what: str, *, out: bool, now: datetime) -> Entry:
    account = ledger.account_of(customer_id=customer_id, currency=transfer.currency).id
    mine, theirs = (DEBIT, CREDIT) if out else (CREDIT, DEBIT)
    legs = (
        Leg(mine, transfer.currency, transfer.units, account=account),
        Leg(theirs, transfer.currency, transfer.units, house=House.IN_TRANSIT),
    )
    return _of(transfer, customer_id, what, legs, now=now)


def _of(
    transfer: Transfer, customer_id: UUID, what: str, legs: tuple[Leg, ...], *, now: datetime
) -> Entry:
    return Entry(
        id=uuid7(),
        customer_id=customer_id,
        cause=f"transfer:{transfer.id}:{what}",
        kind=f"TRANSFER_{what.upper()}",
        event_at=now,
        created_at=now,
        legs=legs,
        details=details_of(transfer),
    )
