"""Ask for shares or for cash, take it back, and let what nobody decided on run out."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from fx.prices.rules import Board
from fx.quotes import queries as quotes
from fx.quotes.queries import AmountTooFine, StalePrice
from fx.quotes.rules import usd_value
from holdings.ledger import services as ledger
from holdings.primary import queries
from holdings.primary.gateway import require_issuer
from holdings.primary.models import OPEN, Party, Request, RequestState
from holdings.primary.rules import CASH, CASH_PLACES, DECIDED_WITHIN, MINIMUM_USD, Side
from holdings.primary.services.books import set_aside
from holdings.primary.services.permission import require_possible
from holdings.primary.services.telling import tell_of
from holdings.trading.services.conversions import require_funds
from krak.cases import services as cases
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.money import floor_to, is_exact, plain
from krak.core.rows import save_row
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer

MOST_OPEN: Final = 20
TO_DECIDE: Final = "primary_request_to_decide"


class BelowMinimum(DomainError):
    """Less than the issuer takes; `facts` say the least."""

    code = "primary.below_minimum"
    title = "This is less than the smallest subscription or redemption."
    kind = Kind.REFUSED


class TooManyRequests(DomainError):
    """The party has as many open requests as one may have."""

    code = "primary.too_many_requests"
    title = f"There can be {MOST_OPEN} open requests at a time."
    kind = Kind.REFUSED


class TooLateToCancel(DomainError):
    """Two people have agreed, or it has ended."""

    code = "primary.too_late_to_cancel"
    title = "This request was accepted or has ended."
    kind = Kind.CONFLICT


@takes_part
def subscribe(
    *, customer: Customer, asset: str, cash: Decimal, board: Board, now: datetime
) -> Request:
    """Set dollars aside and ask for shares; two members of staff look at it first.

    Raises:
        NotAParty, IssuerUnavailable, BelowMinimum, TooManyRequests: as their titles say.
        AmountTooFine: it is finer than a cent.
        InsufficientFunds: less is available.
        What `require_possible` raises.
    """
    party = _party(customer)
    require_possible(
        customer=customer, party=party, side=Side.SUBSCRIPTION, asset=asset, board=board, now=now
    )
    if not is_exact(cash, CASH_PLACES):
        raise AmountTooFine(asset=CASH, decimals=CASH_PLACES)
    wanted = Request(side=Side.SUBSCRIPTION, asset=asset, cash=cash, usd_value=cash)
    return _make(wanted, party=party, board=board, now=now)


@takes_part
def redeem(
    *, customer: Customer, asset: str, units: Decimal, board: Board, now: datetime
) -> Request:
    """Set shares aside, named in shown units, and ask for cash; as `subscribe`.

    What they are worth now is what they would sell for, rounded down; what they bring is what the
    issuer pays.

    Raises:
        StalePrice: there is no price to tell by whether they are worth the minimum.
        What `subscribe` raises.
    """
    party = _party(customer)
    pair = require_possible(
        customer=customer, party=party, side=Side.REDEMPTION, asset=asset, board=board, now=now
    )
    base_units = quotes.in_base_units(units, pair.sold, up=False)
    if not board.may_sell(asset, now):
        raise StalePrice(asset=asset, as_of=pair.sold.price.as_of.isoformat())
    worth = floor_to(usd_value(base_units, pair.sold), CASH_PLACES)
    wanted = Request(side=Side.REDEMPTION, asset=asset, units=base_units, usd_value=worth)
    return _make(wanted, party=party, board=board, now=now)


@takes_part
def _party(customer: Customer) -> Party:
    """Lock the customer's book and return the party that they are."""
    ledger.lock_books([customer.id])
    customer.refresh_from_db(fields=["frozen_at"])
    return queries.require_party(customer_id=customer.id)


@takes_part
def _make(wanted: Request, *, party: Party, board: Board, now: datetime) -> Request:
    owner = party.customer_id
    if wanted.usd_value < MINIMUM_USD:
        raise BelowMinimum(minimum_usd=plain(MINIMUM_USD), worth_usd=plain(wanted.usd_value))
    issuer = require_issuer()
    if queries.requests(customer_id=owner).filter(state__in=OPEN).count() >= MOST_OPEN:
        raise TooManyRequests
    require_funds(
        customer_id=owner, currency=wanted.gives, units=wanted.given, board=board, now=now
    )
    wanted.id, wanted.customer_id, wanted.party = uuid7(), owner, party
    wanted.state, wanted.issuer, wanted.created_at = RequestState.REQUESTED, issuer, now
    save_row(wanted)
    set_aside(wanted, wanted.given, now=now)
    cases.open_case(
        kind=TO_DECIDE, subject=show(Request.PREFIX, wanted.id), customer_id=owner, now=now,
        about=wanted, side=wanted.side.lower(), asset=wanted.asset, usd=plain(wanted.usd_value),
    )  # fmt: skip
    return wanted


@takes_part
def cancel(*, request_id: UUID, customer_id: UUID, now: datetime) -> Request:
    """Take a request back before it is decided, and free what it set aside; again is harmless.

    Raises:
        RequestNotFound: there is none.
        TooLateToCancel: it was accepted or has ended.
    """
    ledger.lock_books([customer_id])
    found = queries.request_of(request_id=request_id, customer_id=customer_id)
    if found.state == RequestState.CANCELED:
        return found
    if found.state != RequestState.REQUESTED:
        raise TooLateToCancel(state=found.state.lower())
    end_unsettled(found, RequestState.CANCELED, why="Canceled by the customer.", now=now)
    return found


def expire(*, now: datetime) -> int:
    """Cancel what nobody decided on in time, each in a transaction of its own; return how many."""
    overdue = queries.undecided_since(now - DECIDED_WITHIN).values_list("id", flat=True)
    return sum(_expire(request_id, now=now) for request_id in list(overdue))


@transaction
def _expire(request_id: UUID, *, now: datetime) -> bool:
    found = locked_request(request_id)
    if found.state != RequestState.REQUESTED:
        return False
    why = f"Not decided within {DECIDED_WITHIN.days} days."
    end_unsettled(found, RequestState.CANCELED, why=why, now=now)
    tell_of(found, "primary.expired", now=now)
    return True


@takes_part
def locked_request(request_id: UUID) -> Request:
    """Lock the book of a request's owner and return the request as it stands now."""
    owner = Request.objects.values_list("customer_id", flat=True).get(id=request_id)
    ledger.lock_books([owner])
    return Request.objects.select_related("party").get(id=request_id, customer_id=owner)


@takes_part
def end_unsettled(request: Request, state: RequestState, *, why: str, now: datetime) -> None:
    """End a request that comes to nothing, and free what it set aside. The book must be locked."""
    set_aside(request, Decimal(0), now=now)
    request.state, request.failure, request.ended_at = state, why, now
    save_row(request)
    cases.settle_case(kind=TO_DECIDE, subject=show(Request.PREFIX, request.id), reason=why, now=now)
