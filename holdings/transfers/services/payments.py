"""Pay somebody: at once if they can take it, else it waits, is canceled, or runs out."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from fx.prices.rules import Board
from holdings.ledger import services as ledger
from holdings.trading.services import accept_quote
from holdings.transfers import queries
from holdings.transfers.models import (
    Transfer,
    TransferKind,
    TransferParty,
    TransferState,
)
from holdings.transfers.queries import TransferNotFound
from holdings.transfers.services.moving import arrive, come_back, hand_over, leave
from holdings.transfers.services.permission import (
    Sum,
    can_receive,
    require_funds,
    require_may_be_paid,
    require_may_send,
    require_may_take,
)
from holdings.transfers.services.quoting import require_match
from holdings.transfers.services.telling import facts_of_transfer
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer
from krak.customers.queries import tag_of
from krak.notifications import services as notifications

if TYPE_CHECKING:
    from holdings.trading.models import Trade


class AlreadyPaid(DomainError):
    """The recipient has the money: a payment is not taken back."""

    code = "transfers.already_paid"
    title = "This was paid and cannot be taken back; ask them to send it to you."
    kind = Kind.CONFLICT


class TransferEnded(DomainError):
    """The transfer ended before; the money is back with its sender."""

    code = "transfers.ended"
    title = "This transfer has ended, and the money went back."
    kind = Kind.CONFLICT


class OnHold(DomainError):
    """The money cannot be given out right now, for a reason that is the sender's."""

    code = "transfers.on_hold"
    title = "This cannot be paid out right now; try again later."
    kind = Kind.REFUSED
    retryable = True


class RecipientCannotReceive(DomainError):
    """Who asked for the money cannot take it right now."""

    code = "transfers.recipient_cannot_receive"
    title = "They cannot receive money right now; pay them by their tag and it waits for them."
    kind = Kind.REFUSED


@takes_part
def pay(
    *,
    sender: Customer,
    recipient: Customer,
    what: Sum,
    note: str,
    quote_id: UUID | None,
    board: Board,
    now: datetime,
    kind: TransferKind = TransferKind.PAYMENT,
) -> Transfer:
    """Send money to somebody, and have it there at once if they can take it.

    With `quote_id` the quote is accepted first, in the sender's own book. A request is only paid to
    somebody who can take it; any other payment waits for them in transit.

    Raises:
        What `require_may_be_paid`, `require_may_send` and `accept_quote` raise.
        QuoteNotFound, QuoteMismatch: see `require_match`.
        InsufficientFunds: less is available.
        RecipientCannotReceive: a request, and they cannot.
    """
    ledger.lock_books([sender.id, recipient.id])
    require_may_be_paid(sender_id=sender.id, recipient=recipient, currency=what.currency, now=now)
    arrives = can_receive(recipient, now=now)
    if kind is TransferKind.REQUEST and not arrives:
        raise RecipientCannotReceive
    transfer = send(
        sender=sender, recipient=recipient, what=what, note=note, quote_id=quote_id, kind=kind,
        lasts=timedelta(days=settings.TRANSFER_DAYS), arrives=arrives, board=board, now=now,
    )  # fmt: skip
    if arrives:
        arrive(transfer, recipient=recipient, board=board, now=now)
    if kind is not TransferKind.REQUEST:
        _tell(transfer, recipient.id, "received" if arrives else "waiting", board=board, now=now)
    return transfer


@takes_part
def send(
    *,
    sender: Customer,
    recipient: Customer | None,
    what: Sum,
    note: str,
    quote_id: UUID | None,
    kind: TransferKind,
    lasts: timedelta,
    arrives: bool,
    board: Board,
    now: datetime,
) -> Transfer:
    """Take the money from its sender, after a conversion if there is a quote for one.

    All books concerned must be locked; that the recipient may be paid is known.

    Raises:
        What `pay` raises of the sender.
    """
    require_may_send(sender, what, board=board, now=now)
    trade = _converted(quote_id, sender=sender, what=what, board=board, now=now)
    require_funds(sender, what, board=board, now=now)
    transfer = Transfer.objects.create(
        id=uuid7(),
        customer=sender,
        recipient=recipient,
        kind=kind,
        state=TransferState.COMPLETED if arrives else TransferState.PENDING,
        currency=what.currency,
        units=what.units,
        usd_value=what.usd,
        note=note,
        sender_tag=tag_of(customer_id=sender.id) or "",
        recipient_tag=(tag_of(customer_id=recipient.id) or "") if recipient else "",
        trade=trade,
        created_at=now,
        expires_at=now + lasts,
        ended_at=now if arrives else None,
    )
    _make_party(transfer, sender, TransferParty.Role.SENDER)
    if recipient is not None:
        _make_party(transfer, recipient, TransferParty.Role.RECIPIENT)
    leave(transfer, sender=sender, board=board, now=now)
    return transfer


@takes_part
def accept(*, transfer_id: UUID, recipient: Customer, board: Board, now: datetime) -> Transfer:
    """Take what waits, now that one can; what was taken before stays so.

    Raises:
        TransferNotFound: there is none, or it is not for them.
        TransferEnded: it was canceled or has run out.
        OnHold: the sender's account is frozen.
        What `require_may_take` raises of the recipient.
    """
    transfer = queries.transfer_of(transfer_id=transfer_id, customer_id=recipient.id)
    if transfer.recipient_id != recipient.id:
        raise TransferNotFound
    transfer = lock(transfer.id, and_book_of=recipient.id)
    if transfer.state == TransferState.COMPLETED:
        return transfer
    require_waiting(transfer, now=now)
    require_may_take(recipient, transfer.currency, now=now)
    complete(transfer, recipient=recipient, board=board, now=now)
    _tell(transfer, transfer.customer_id, "completed", board=board, now=now)
    return transfer


@takes_part
def cancel(*, transfer_id: UUID, sender: Customer, board: Board, now: datetime) -> Transfer:
    """Take back what waits; again changes nothing.

    Raises:
        TransferNotFound: there is none, or the customer did not send it.
        AlreadyPaid: the recipient has it.
        TransferEnded: it has run out, and the money is back.
    """
    transfer = queries.transfer_of(transfer_id=transfer_id, customer_id=sender.id)
    if transfer.customer_id != sender.id:
        raise TransferNotFound
    transfer = lock(transfer.id)
    if transfer.state == TransferState.CANCELED:
        return transfer
    if transfer.state == TransferState.COMPLETED:
        raise AlreadyPaid
    if transfer.state == TransferState.EXPIRED:
        raise TransferEnded
    give_back(transfer, state=TransferState.CANCELED, now=now)
    if transfer.recipient_id is not None:
        _tell(transfer, transfer.recipient_id, "canceled", board=board, now=now)
    return transfer


# --- Steps of what waits; every one is taken under the lock on its sender's book ------------------


@takes_part
def lock(transfer_id: UUID, *, and_book_of: UUID | None = None) -> Transfer:
    """Lock the book of a transfer's sender, and one more, and return it as it stands now."""
    sender_id = Transfer.objects.values_list("customer_id", flat=True).get(id=transfer_id)
    ledger.lock_books({sender_id, and_book_of or sender_id})
    return Transfer.objects.prefetch_related("customer__user", "recipient__user").get(
        id=transfer_id, customer_id=sender_id
    )


def require_waiting(transfer: Transfer, *, now: datetime) -> None:
    """Refuse what is over, or would reach somebody from a frozen account.

    Raises:
        TransferEnded: it is not pending, or its time is over.
        OnHold: the sender's account is frozen.
    """
    if transfer.state != TransferState.PENDING or now >= transfer.expires_at:
        raise TransferEnded
    if transfer.customer.frozen_at is not None:
        raise OnHold


@takes_part
def complete(transfer: Transfer, *, recipient: Customer, board: Board, now: datetime) -> None:
    """Give what waits to its recipient; a link's is whoever claims it."""
    if transfer.recipient_id is None:
        transfer.recipient = recipient
        transfer.recipient_tag = tag_of(customer_id=recipient.id) or ""
        _make_party(transfer, recipient, TransferParty.Role.RECIPIENT)
    transfer.state, transfer.ended_at = TransferState.COMPLETED, now
    transfer.save(update_fields=["recipient", "recipient_tag", "state", "ended_at"])
    hand_over(transfer, board=board, now=now)
    arrive(transfer, recipient=recipient, board=board, now=now)


@takes_part
def give_back(transfer: Transfer, *, state: TransferState, now: datetime) -> None:
    """Return what waits to its sender."""
    transfer.state, transfer.ended_at = state, now
    transfer.save(update_fields=["state", "ended_at"])
    come_back(transfer, now=now)


def _converted(
    quote_id: UUID | None, *, sender: Customer, what: Sum, board: Board, now: datetime
) -> "Trade | None":
    if quote_id is None:
        return None
    require_match(quote_id, sender=sender, what=what)
    return accept_quote(quote_id=quote_id, customer=sender, board=board, now=now)


def _make_party(transfer: Transfer, customer: Customer, role: TransferParty.Role) -> None:
    TransferParty.objects.create(id=uuid7(), customer=customer, transfer=transfer, role=role)


def _tell(transfer: Transfer, to: UUID, what: str, *, board: Board, now: datetime) -> None:
    facts = facts_of_transfer(transfer, to=to, board=board, now=now)
    notifications.promise(to, f"transfer.{what}", facts)
