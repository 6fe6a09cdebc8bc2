"""What a payment would cost, before anything moves: which asset pays, and its conversion's fee."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from fx.prices.rules import Board, NoPrice
from fx.quotes import queries as pricing
from fx.quotes import services as quotes
from fx.quotes.rules import Fixed, Source
from holdings.ledger.queries import balances
from holdings.transfers.services.permission import (
    InsufficientFunds,
    Sum,
    available,
    can_receive,
    needs_proof,
    require_funds,
    require_may_be_paid,
    require_may_send,
)
from krak.core.errors import DomainError, Kind
from krak.core.money import plain
from krak.core.transactions import takes_part
from krak.customers.models import Customer

if TYPE_CHECKING:
    from fx.quotes.models import Quote

MOST_TRIED = 5
"""Assets that are priced to find one that covers a payment."""


class QuoteMismatch(DomainError):
    """The quote does not buy exactly what is to be sent."""

    code = "transfers.quote_mismatch"
    title = "This quote is for something else; ask for one with POST /v1/transfers/quote."
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a payment would do."""

    recipient: Customer
    what: Sum
    conversion: "Quote | None"
    """None: the asset itself is there."""
    instant: bool
    """False: it would wait for the recipient, who cannot take it yet."""
    step_up: bool


@takes_part
def preview(
    *,
    sender: Customer,
    recipient: Customer,
    what: Sum,
    pay_with: str | None,
    board: Board,
    now: datetime,
) -> Preview:
    """Say what a payment would cost, with a firm quote if something has to be converted for it.

    Without `pay_with` the asset itself pays if there is enough of it, else the first that covers
    it all: the home currency, then the most valuable holdings that can be sold right now.

    Raises:
        What `require_may_be_paid`, `require_may_send` and `fx.quotes.queries.price` raise.
        InsufficientFunds: nothing that the sender holds, or not what they named, covers it.
    """
    require_may_be_paid(sender_id=sender.id, recipient=recipient, currency=what.currency, now=now)
    require_may_send(sender, what, board=board, now=now)
    conversion = None
    if pay_with is not None and pay_with != what.currency:
        priced = _priced(sender, pay_with, what, board=board, now=now)
        conversion = _kept(priced, sender, now=now)
    elif pay_with is not None or available(sender, what.currency) >= what.units:
        require_funds(sender, what, board=board, now=now)
    else:
        conversion = _kept(_first_that_covers(sender, what, board=board, now=now), sender, now=now)
    return Preview(
        recipient=recipient,
        what=what,
        conversion=conversion,
        instant=can_receive(recipient, now=now),
        step_up=needs_proof(sender, recipient, what),
    )


def require_match(quote_id: UUID, *, sender: Customer, what: Sum) -> None:
    """Refuse a quote that does not buy exactly what is to be sent.

    Raises:
        QuoteNotFound: there is none, or it is another customer's.
        QuoteMismatch: it buys something else.
    """
    quote = pricing.quote_of(quote_id=quote_id, customer_id=sender.id)
    if (quote.buy_currency, quote.buy_units) != (what.currency, what.units):
        raise QuoteMismatch


def _priced(
    sender: Customer, pay_with: str, what: Sum, *, board: Board, now: datetime
) -> pricing.Priced:
    priced = pricing.price(
        pair=pricing.pair_of(pay_with, what.currency, board=board),
        fixed=Fixed.BUY,
        units=what.units,
        customer=sender,
        now=now,
    )
    have = available(sender, pay_with)
    if have < priced.conversion.sell:
        multiplier = board.multiplier(pay_with, now)
        raise InsufficientFunds(
            asset=pay_with,
            needed=plain(priced.conversion.sell * multiplier),
            available=plain(have * multiplier),
            next="/v1/transfers/quote",
        )
    return priced


def _kept(priced: pricing.Priced, sender: Customer, *, now: datetime) -> "Quote":
    return quotes.keep(priced, customer=sender, source=Source.CUSTOMER, accepted_at=None, now=now)


def _first_that_covers(
    sender: Customer, what: Sum, *, board: Board, now: datetime
) -> pricing.Priced:
    first: DomainError | None = None
    for code in _holdings(sender, board=board, but=what.currency, now=now):
        try:
            return _priced(sender, code, what, board=board, now=now)
        except InsufficientFunds:
            continue
        except DomainError as refusal:
            first = first or refusal
    if first is not None:
        raise first
    require_funds(sender, what, board=board, now=now)
    raise AssertionError("what is not covered was found to be there")


def _holdings(sender: Customer, *, board: Board, but: str, now: datetime) -> Iterator[str]:
    """Name what might pay: the home currency, the most valuable holdings, what is not sold now."""

    def worth(code: str, units: Decimal) -> Decimal:
        try:
            return board.worth(units, code, "USD")
        except NoPrice:
            return Decimal(0)

    worths = {
        code: worth(code, balance.available)
        for code, balance in balances(customer_id=sender.id).items()
        if code != but and balance.available > 0
    }

    def rank(code: str) -> tuple[bool, bool, Decimal, str]:
        waits = not board.may_sell(code, now)
        return waits, code != sender.home_currency, -worths[code], code

    ranked = sorted(worths, key=rank)
    return iter(ranked[:MOST_TRIED])
