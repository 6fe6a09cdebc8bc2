"""Money leaves, arrives and comes back: one entry each, in the book of one customer.

What left is a disposal at what it was worth, and what arrives was acquired at what it is worth,
each in the home currency of its owner. The books of all concerned must be locked.
"""

from datetime import datetime
from uuid import UUID

from fx.assets import queries as assets
from fx.prices.rules import Board
from fx.quotes.queries.pairs import price_on
from fx.quotes.rules import Side, middle_value
from holdings.ledger import services as ledger
from holdings.ledger.models import House, JournalEntry
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import services as lots
from holdings.trading.services import promise_auto_convert
from holdings.transfers.models import Transfer
from holdings.transfers.services.telling import details_of
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer


def side_of(code: str, *, board: Board) -> Side:
    """Return an asset as it stands on the board.

    Raises:
        UnknownAsset: there is no asset of exactly this code.
        NoPriceNow: the board has no price of it.
    """
    facts = assets.facts(code)
    return Side(price=price_on(facts.code, board), places=facts.decimals)


@takes_part
def leave(transfer: Transfer, *, sender: Customer, board: Board, now: datetime) -> None:
    """Take the money from its sender."""
    entry = _entry(transfer, sender.id, "sent", out=True, now=now)
    ledger.post(entry)
    if transfer.currency != sender.home_currency:
        own, home = (side_of(x, board=board) for x in (transfer.currency, sender.home_currency))
        lots.take(
            customer_id=sender.id,
            currency=transfer.currency,
            units=transfer.units,
            proceeds=middle_value(transfer.units, own, home),
            entry_id=entry.id,
            now=now,
        )


@takes_part
def arrive(transfer: Transfer, *, recipient: Customer, board: Board, now: datetime) -> None:
    """Give the money to its recipient; their auto-convert rule sees it."""
    entry = _entry(transfer, recipient.id, "received", out=False, now=now)
    ledger.post(entry)
    if transfer.currency != recipient.home_currency:
        own, home = (side_of(x, board=board) for x in (transfer.currency, recipient.home_currency))
        lots.add(
            customer_id=recipient.id,
            currency=transfer.currency,
            units=transfer.units,
            cost=middle_value(transfer.units, own, home),
            cost_currency=recipient.home_currency,
            entry_id=entry.id,
            acquired_at=now,
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
    sent = JournalEntry.objects.get(
        customer_id=transfer.customer_id, cause=f"transfer:{transfer.id}:sent"
    )
    lots.put_back(customer_id=transfer.customer_id, taken_with=sent.id, entry_id=entry.id)


def _entry(transfer: Transfer, customer_id: UUID, what: str, *, out: bool, now: datetime) -> Entry:
    account = ledger.account_of(customer_id=customer_id, currency=transfer.currency).id
    mine, theirs = (DEBIT, CREDIT) if out else (CREDIT, DEBIT)
    return Entry(
        id=uuid7(),
        customer_id=customer_id,
        cause=f"transfer:{transfer.id}:{what}",
        kind=f"TRANSFER_{what.upper()}",
        event_at=now,
        created_at=now,
        legs=(
            Leg(mine, transfer.currency, transfer.units, account=account),
            Leg(theirs, transfer.currency, transfer.units, house=House.IN_TRANSIT.value),
        ),
        details=details_of(transfer, of=customer_id),
    )
