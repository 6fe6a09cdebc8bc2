"""Give a request to the issuer once, and follow it to its end.

Written down before the issuer is asked, and by the same key however often it is asked. An answer
that was lost is asked for again.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fx.assets import queries as assets
from holdings.funding import queries as funding
from holdings.ledger import queries as ledger_reads
from holdings.primary import queries
from holdings.primary.gateway import issuer_named
from holdings.primary.gateway.base import Answer, Order, Unsure, Verdict
from holdings.primary.models import Request, RequestState
from holdings.primary.rules import Fill, Side, fits
from holdings.primary.services.books import settle
from holdings.primary.services.requests import end_unsettled, locked_request
from holdings.primary.services.telling import tell_of
from krak.cases import services as cases
from krak.core.ids import show
from krak.core.money import plain
from krak.core.outbox import services as outbox
from krak.core.rows import save_row
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer

OVERDUE: Final = timedelta(days=3)
"""No issuer takes so long: somebody has to look."""
_LONGEST: Final = 200


def submit(request_id: UUID, *, now: datetime) -> None:
    """Give a request to the issuer, once. Not in a transaction; safe to repeat.

    Raises:
        Unsure: nobody knows; the same key is sent again later.
    """
    request = _begin(request_id, now=now)
    if request is None:
        return
    try:
        answer = issuer_named(request.issuer).submit(_order(request), now=now)
    except Unsure as silence:
        _note_unsure(request, str(silence))
        raise
    note(request_id, answer, now=now)


@transaction
def _begin(request_id: UUID, *, now: datetime) -> Request | None:
    """Write down that the issuer gets a request, and return it; None when there is no need."""
    request = locked_request(request_id)
    if request.state != RequestState.APPROVED:
        return None
    if request.submitted_at is None:
        if why := _must_stay(request):
            _fail(request, why, now=now)
            return None
        request.submitted_at = now
        save_row(request)
    return request


def _must_stay(request: Request) -> str:
    """Return why nothing may be given to the issuer any more, "" if it may."""
    balances = ledger_reads.balances(customer_id=request.customer_id)
    if balances[request.gives].available < 0:
        return "The balance fell below zero before the issuer had it."
    if Customer.objects.filter(id=request.customer_id, frozen_at__isnull=False).exists():
        return "The account was frozen before the issuer had it."
    return ""


def key_of(request_id: UUID) -> str:
    """Return the key by which the issuer knows a request."""
    return show(Request.PREFIX, request_id)


def _order(request: Request) -> Order:
    return Order(
        key=key_of(request.id),
        side=Side(request.side),
        asset=request.asset,
        network=request.party.network,
        token=funding.contract_of(request.asset, request.party.network),
        wallet=request.party.wallet,
        amount=request.given,
    )


@transaction
def _note_unsure(request: Request, error: str) -> None:
    Request.objects.filter(id=request.id, customer_id=request.customer_id).update(
        last_error=error[:_LONGEST]
    )


@transaction
def note(request_id: UUID, answer: Answer, *, now: datetime) -> None:
    """Bring a request to where the issuer says it stands; see `bring_to`."""
    bring_to(request_id, answer, now=now)


@takes_part
def bring_to(request_id: UUID, answer: Answer, *, now: datetime) -> None:
    """Bring a request to where the issuer says it stands; repeats and older words do nothing.

    What contradicts its end, or is no fill of it, is put before staff and moves nothing.
    """
    request = locked_request(request_id)
    under_way = request.state == RequestState.APPROVED and request.submitted_at is not None
    if under_way and answer.reference and not request.issuer_reference:
        request.issuer_reference = answer.reference
        save_row(request)
    match (under_way, answer.verdict):
        case (True, Verdict.FILLED):
            _settle(request, answer.fill, now=now)
        case (True, Verdict.REFUSED):
            _fail(request, answer.reason or "The issuer did not say why.", now=now)
        case (False, Verdict.FILLED) if request.state != RequestState.SETTLED:
            _put_before_staff(request, "primary_contradicted", answer, now=now)
        case (False, Verdict.REFUSED) if request.state == RequestState.SETTLED:
            _put_before_staff(request, "primary_contradicted", answer, now=now)


@takes_part
def _settle(request: Request, fill: Fill | None, *, now: datetime) -> None:
    places = assets.facts(request.asset).decimals
    if fill is None or not fits(Side(request.side), asked=request.given, fill=fill, places=places):
        said = Answer(Verdict.FILLED, request.issuer_reference, fill)
        _put_before_staff(request, "primary_fill_differs", said, now=now)
        return
    booked = settle(request, fill, now=now)
    request.state, request.entry_id = RequestState.SETTLED, booked.entry_id
    request.units, request.cash, request.price = booked.units, booked.cash, fill.price
    request.ended_at = now
    save_row(request)
    tell_of(request, "primary.settled", now=now)


@takes_part
def _fail(request: Request, why: str, *, now: datetime) -> None:
    end_unsettled(request, RequestState.FAILED, why=why[:_LONGEST], now=now)
    tell_of(request, "primary.failed", now=now)


@takes_part
def _put_before_staff(request: Request, kind: str, answer: Answer, *, now: datetime) -> None:
    fill = answer.fill
    cases.open_case(
        kind=kind, subject=key_of(request.id), customer_id=request.customer_id, now=now,
        about=request, stands=request.state, said=answer.verdict.value,
        units=plain(fill.units) if fill else "", cash=plain(fill.cash) if fill else "",
    )  # fmt: skip


# --- To the end ----------------------------------------------------------------------------------


def follow(*, now: datetime) -> int:
    """Ask after what the issuer has had for a while; return how many. Not in a transaction.

    What the issuer never heard of is given to it again by the same key.
    """
    asked = 0
    for request in list(queries.under_way(now=now)):
        try:
            answer = issuer_named(request.issuer).find(key_of(request.id), now=now)
        except Unsure as silence:
            _note_unsure(request, str(silence))
            continue
        asked += 1
        _go_on(request, answer, now=now)
    return asked


@transaction
def _go_on(request: Request, answer: Answer | None, *, now: datetime) -> None:
    if answer is not None:
        bring_to(request.id, answer, now=now)
    else:
        outbox.promise("primary.submit", {"request": str(request.id)})
    if request.submitted_at is not None and request.submitted_at < now - OVERDUE:
        cases.open_case(
            kind="primary_overdue",
            subject=key_of(request.id),
            customer_id=request.customer_id,
            now=now,
            about=request,
        )
