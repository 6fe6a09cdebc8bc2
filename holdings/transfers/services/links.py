"""Payment links: money set aside for whoever has the token, once."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from fx.prices.rules import Board
from holdings.ledger import services as ledger
from holdings.transfers import queries
from holdings.transfers.models import PaymentLink, TransferKind
from holdings.transfers.services import payments
from holdings.transfers.services.permission import Sum, require_may_take
from holdings.transfers.services.telling import facts_of_transfer
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer
from krak.notifications import services as notifications


class OwnLink(DomainError):
    """A link is for somebody else."""

    code = "transfers.own_link"
    title = "This link is yours; cancel it to have the money back."
    kind = Kind.CONFLICT


class LinkEnded(DomainError):
    """The link was claimed, canceled, or has run out."""

    code = "transfers.link_ended"
    title = "This link was claimed, canceled, or has run out."
    kind = Kind.CONFLICT


@takes_part
def create(
    *,
    sender: Customer,
    what: Sum,
    note: str,
    quote_id: UUID | None,
    board: Board,
    now: datetime,
) -> PaymentLink:
    """Set money aside for whoever comes with the link's token: see `token_of`.

    Raises:
        What `payments.send` raises.
    """
    ledger.lock_books([sender.id])
    transfer = payments.send(
        sender=sender, recipient=None, what=what, note=note, quote_id=quote_id,
        kind=TransferKind.LINK, lasts=timedelta(days=settings.LINK_DAYS), arrives=False,
        board=board, now=now,
    )  # fmt: skip
    link_id = uuid7()
    digest = hashlib.sha256(_token(link_id).encode()).digest()
    return PaymentLink.objects.create(id=link_id, customer=sender, transfer=transfer, digest=digest)


def token_of(link: PaymentLink) -> str | None:
    """Return the token of a link, for the one answer that shows it and its repeats.

    It is made from the link's id with our secret key, so neither the table nor a kept answer has
    it. None once the key has changed: the link works, but nobody can be told its token again.
    """
    token = _token(link.id)
    same = hmac.compare_digest(hashlib.sha256(token.encode()).digest(), bytes(link.digest))
    return token if same else None


@takes_part
def claim(*, token: str, claimant: Customer, board: Board, now: datetime) -> PaymentLink:
    """Give a link's money to the customer who has its token, once.

    Raises:
        LinkNotFound: no link has this token.
        OwnLink: it is the claimant's.
        LinkEnded: somebody else was first, it was canceled, or has run out.
        OnHold: its sender's account is frozen.
        What `require_may_take` raises: the claimant may not take it, and the link stays.
    """
    link = queries.link_by_token(token)
    if link.customer_id == claimant.id:
        raise OwnLink
    link.transfer = payments.lock(link.transfer_id, and_book_of=claimant.id)
    try:
        payments.require_waiting(link.transfer, now=now)
    except payments.TransferEnded:
        raise LinkEnded(state=link.transfer.state.lower()) from None
    require_may_take(claimant, link.transfer.currency, now=now)
    payments.complete(link.transfer, recipient=claimant, board=board, now=now)
    facts = facts_of_transfer(link.transfer, to=link.customer_id, board=board, now=now)
    notifications.promise(link.customer_id, "link.claimed", facts | {"link": link.shown_id})
    return link


def _token(link_id: UUID) -> str:
    key = hashlib.sha256(b"transfers.link:" + settings.SECRET_KEY.encode()).digest()
    code = hmac.digest(key, link_id.bytes, "sha256")
    return base64.urlsafe_b64encode(code).decode().rstrip("=")
