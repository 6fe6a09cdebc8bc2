"""What stays of captures and refunds: entries, rows, cases, and what follows from them."""

from collections.abc import Iterable, Sequence
from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from cards.authorizations import queries as authorizations
from cards.clearing.models import CardTransaction
from cards.clearing.rules import Kind, Transaction
from cards.clearing.services.standing import open_cases
from cards.issuing.queries import Owned
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import services as lots
from krak.core.ids import uuid7
from krak.core.inbox import services as inbox
from krak.core.money import amount_object, money
from krak.core.outbox import services as outbox
from krak.core.rows import insert_rows, write_rows
from krak.core.transactions import takes_part
from krak.notifications import services as notifications

if TYPE_CHECKING:
    from cards.authorizations.models import Authorization

NOTICES: Final = {
    Kind.CAPTURE: "purchase.cleared",
    Kind.REFUND: "refund.received",
    Kind.REFUND_REVERSAL: "refund.taken_back",
}


def row_of(
    told: Transaction,
    owner: Owned,
    authorization: "Authorization | None",
    *,
    flags: list[str],
    now: datetime,
) -> CardTransaction:
    """Return the row of a transaction, not saved, with the id of the entry that will post it."""
    return CardTransaction(
        id=uuid7(),
        customer_id=owner.customer_id,
        card_id=owner.card_id,
        authorization=authorization,
        entry_id=uuid7(),
        stripe_id=told.stripe_id,
        kind=Kind.REFUND if told.is_refund else Kind.CAPTURE,
        amount=told.amount,
        unrewarded=Decimal(0) if told.is_refund else told.unrewarded,
        currency=told.currency,
        mcc=told.mcc,
        merchant_name=told.merchant_name,
        merchant_network_id=told.merchant_network_id,
        merchant_currency=told.merchant_currency,
        merchant_amount_minor=told.merchant_amount_minor,
        group=told.authorization_stripe_id or told.stripe_id,
        flags=flags,
        event_at=told.event_at,
        created_at=now,
    )


def reversal_row(refund: CardTransaction, *, stripe_id: str, now: datetime) -> CardTransaction:
    """Return the row of what takes a refund back, not saved, as `row_of` does."""
    row = copy(refund)
    row.id, row.entry_id, row.reverses = uuid7(), uuid7(), refund
    row.kind, row.stripe_id, row.flags = Kind.REFUND_REVERSAL, stripe_id, []
    row.event_at = row.created_at = now
    row.won_back = Decimal(0)
    return row


def entry_of(row: CardTransaction, account_id: UUID) -> Entry:
    """Return the entry of a row: a capture or reversal is forced, a refund is a credit."""
    is_refund = row.kind == Kind.REFUND
    side, other = (CREDIT, DEBIT) if is_refund else (DEBIT, CREDIT)
    return Entry(
        id=row.entry_id,
        customer_id=row.customer_id,
        cause=f"transaction:{row.stripe_id}",
        kind=row.kind,
        event_at=row.event_at,
        created_at=row.created_at,
        legs=(
            Leg(side, row.currency, row.amount, account=account_id, forced=not is_refund),
            Leg(other, row.currency, row.amount, house="CARD_SETTLEMENT"),
        ),
        details={"merchant": row.merchant_name, "mcc": row.mcc},
    )


def moved_by(row: CardTransaction) -> lots.Moved:
    """Return what the entry of a row moves in the customer's account."""
    return lots.Moved(row.customer_id, row.currency, row.amount, row.entry_id, row.created_at)


@takes_part
def keep(rows: Sequence[CardTransaction], *, now: datetime) -> None:
    """Keep posted transactions, with cases for what is odd about them.

    What waited for them goes on, and what they earn is owed.
    """
    insert_rows(rows)
    for row in rows:
        _open_cases(row, row.authorization, now=now)
    inbox.arrived(provider="stripe", names=[row.stripe_id for row in rows])
    owe_cashback(rows)


@takes_part
def flag_captures(authorization: "Authorization", flag: str, *, now: datetime) -> None:
    """Note on an authorization's captures what is odd about it only afterwards."""
    captured = CardTransaction.objects.filter(
        customer_id=authorization.customer_id,
        authorization_id=authorization.id,
        kind=Kind.CAPTURE,
    )
    rows = [row for row in captured.order_by("id") if flag not in row.flags]
    for row in rows:
        row.flags = [*row.flags, flag]
        _open_cases(row, authorization, now=now)
    write_rows(rows, ["flags"])


def _open_cases(
    row: CardTransaction, authorization: "Authorization | None", *, now: datetime
) -> None:
    open_cases(
        row.flags,
        subject=row.stripe_id,
        customer_id=row.customer_id,
        about=row,
        amount=row.amount,
        currency=row.currency,
        now=now,
        merchant=row.merchant_name,
        kind_of_transaction=row.kind,
        authorization=authorization.stripe_id if authorization else None,
    )


@takes_part
def owe_cashback(rows: Sequence[CardTransaction]) -> None:
    """Have the rewards of these transactions' purchases looked after."""
    outbox.promise_all(
        "cashback.settle",
        ({"customer": str(row.customer_id), "group": row.group} for row in rows if row.group),
    )


@takes_part
def tell(rows: Iterable[CardTransaction], *, now: datetime) -> None:
    """Tell the customers of transactions, whose books are locked; once, at the end.

    Numbering notices locks the customers' feeds, in order.
    """
    notifications.keep((_told(row) for row in rows), now=now)


def _told(row: CardTransaction) -> notifications.Told:
    return notifications.Told(
        customer_id=row.customer_id,
        kind=NOTICES[Kind(row.kind)],
        facts={
            "authorization": (
                authorizations.shown_id(row.authorization_id) if row.authorization_id else None
            ),
            "amount": amount_object(money(row.amount, row.currency)),
            "merchant": row.merchant_name,
        },
    )
