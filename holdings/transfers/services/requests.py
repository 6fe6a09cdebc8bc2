"""Ask somebody for money; they pay, decline or leave it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from fx.assets import queries as assets
from fx.eligibility.queries import require_eligible
from fx.prices.rules import Board
from holdings.ledger import services as ledger
from holdings.transfers import queries
from holdings.transfers.models import (
    Request,
    RequestParty,
    RequestState,
    Transfer,
    TransferKind,
)
from holdings.transfers.queries import RequestNotFound
from holdings.transfers.services import payments
from holdings.transfers.services.permission import (
    Sum,
    ToOneself,
    require_not_frozen,
    sum_in,
)
from holdings.transfers.services.telling import facts_of_request
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Act, Customer
from krak.customers.queries import permitted, tag_of
from krak.notifications import services as notifications

MOST_OPEN: Final = 10


class RequestEnded(DomainError):
    """The request was paid, declined, canceled, or has run out."""

    code = "transfers.request_ended"
    title = "This request was paid, declined, canceled, or has run out."
    kind = Kind.CONFLICT


class TooManyRequests(DomainError):
    """Somebody is asked again and again."""

    code = "transfers.too_many_requests"
    title = f"There can be {MOST_OPEN} open requests to one person; wait for an answer."
    kind = Kind.REFUSED


def require_may_ask(requester: Customer, currency: str, *, now: datetime) -> None:
    """Refuse whom money could not reach.

    Raises:
        AccountFrozen, UnknownAsset, NotEligible, SuitabilityNeeded: they may not take the asset.
        What `krak.customers.queries.permitted` raises: they may not be paid at all yet.
    """
    require_not_frozen(requester)
    permitted(requester, Act.PAY, now=now)
    require_eligible(customer=requester, asset=assets.facts(currency), now=now)


@takes_part
def ask(
    *, requester: Customer, payer: Customer, what: Sum, note: str, board: Board, now: datetime
) -> Request:
    """Ask somebody for an amount; nothing moves until they pay.

    Raises:
        ToOneself: they are the requester.
        TooManyRequests: `MOST_OPEN` to them are open.
        What `require_may_ask` raises.
    """
    if payer.id == requester.id:
        raise ToOneself
    ledger.lock_books([requester.id])
    require_may_ask(requester, what.currency, now=now)
    waiting = Request.objects.filter(customer=requester, payer=payer, state=RequestState.OPEN)
    if waiting.count() >= MOST_OPEN:
        raise TooManyRequests
    request = Request.objects.create(
        id=uuid7(),
        customer=requester,
        payer=payer,
        currency=what.currency,
        units=what.units,
        note=note,
        requester_tag=tag_of(customer_id=requester.id) or "",
        payer_tag=tag_of(customer_id=payer.id) or "",
        created_at=now,
        expires_at=now + timedelta(days=settings.REQUEST_DAYS),
    )
    for customer, role in (
        (requester, RequestParty.Role.REQUESTER),
        (payer, RequestParty.Role.PAYER),
    ):
        RequestParty.objects.create(id=uuid7(), customer=customer, request=request, role=role)
    _tell(request, payer.id, "received", board=board, now=now)
    return request


def payable(*, request_id: UUID, payer: Customer, now: datetime) -> Request:
    """Return a request that the customer was sent and may still pay.

    Raises:
        RequestNotFound: there is none, or they were not asked.
        RequestEnded: it is not open any more.
    """
    request = queries.request_of(request_id=request_id, customer_id=payer.id)
    if request.payer_id != payer.id:
        raise RequestNotFound
    _require_open(request, now=now)
    return request


@takes_part
def pay(
    *, request_id: UUID, payer: Customer, quote_id: UUID | None, board: Board, now: datetime
) -> Transfer:
    """Pay a request, once, with exactly what was asked for.

    Raises:
        RequestNotFound, RequestEnded: see `payable`.
        What `payments.pay` raises.
    """
    request = payable(request_id=request_id, payer=payer, now=now)
    ledger.lock_books([request.customer_id, payer.id])
    request = payable(request_id=request_id, payer=payer, now=now)
    transfer = payments.pay(
        sender=payer, recipient=request.customer, note=request.note, quote_id=quote_id,
        what=sum_in(request.units, request.currency, board=board), kind=TransferKind.REQUEST,
        board=board, now=now,
    )  # fmt: skip
    request.transfer = transfer
    _end(request, RequestState.PAID, now=now)
    facts = facts_of_request(request, to=request.customer_id, board=board, now=now)
    notifications.promise(
        request.customer_id, "request.paid", facts | {"transfer": transfer.shown_id}
    )
    return transfer


@takes_part
def decline(*, request_id: UUID, payer: Customer, board: Board, now: datetime) -> Request:
    """Say no to a request; again changes nothing.

    Raises:
        RequestNotFound: there is none, or the customer was not asked.
        RequestEnded: it ended another way.
    """
    request = _locked(request_id, customer_id=payer.id)
    if request.payer_id != payer.id:
        raise RequestNotFound
    if request.state != RequestState.DECLINED:
        _require_open(request, now=now)
        _end(request, RequestState.DECLINED, now=now)
        _tell(request, request.customer_id, "declined", board=board, now=now)
    return request


@takes_part
def cancel(*, request_id: UUID, requester: Customer, now: datetime) -> Request:
    """Take a request back; again changes nothing.

    Raises:
        RequestNotFound: there is none, or the customer did not make it.
        RequestEnded: it ended another way.
    """
    request = _locked(request_id, customer_id=requester.id)
    if request.customer_id != requester.id:
        raise RequestNotFound
    if request.state != RequestState.CANCELED:
        _require_open(request, now=now)
        _end(request, RequestState.CANCELED, now=now)
    return request


@takes_part
def expire(*, request_id: UUID, board: Board, now: datetime) -> Request | None:
    """End a request whose time is over, and tell both; None if it has ended before."""
    owner = Request.objects.values_list("customer_id", flat=True).get(id=request_id)
    request = _locked(request_id, customer_id=owner)
    if request.state != RequestState.OPEN or now < request.expires_at:
        return None
    _end(request, RequestState.EXPIRED, now=now)
    for customer_id in (request.customer_id, request.payer_id):
        _tell(request, customer_id, "expired", board=board, now=now)
    return request


def _locked(request_id: UUID, *, customer_id: UUID) -> Request:
    """Lock the book of who asked, and return the request as it stands now."""
    request = queries.request_of(request_id=request_id, customer_id=customer_id)
    ledger.lock_books([request.customer_id])
    return queries.request_of(request_id=request_id, customer_id=customer_id)


def _require_open(request: Request, *, now: datetime) -> None:
    if request.state != RequestState.OPEN or now >= request.expires_at:
        raise RequestEnded(state=request.state.lower())


def _end(request: Request, state: RequestState, *, now: datetime) -> None:
    request.state, request.ended_at = state, now
    request.save(update_fields=["state", "ended_at", "transfer"])


def _tell(request: Request, to: UUID, what: str, *, board: Board, now: datetime) -> None:
    notifications.promise(
        to, f"request.{what}", facts_of_request(request, to=to, board=board, now=now)
    )
