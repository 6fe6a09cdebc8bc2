"""Give a quote, take it once, forget those that nobody took."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from fx.prices.rules import Board, Price
from fx.quotes.models import Quote
from fx.quotes.queries import (
    Priced,
    in_base_units,
    pair_of,
    price,
    quote_of,
    require_not_halted,
    require_within_day,
)
from fx.quotes.rules import Fixed, Source
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.money import plain
from krak.core.retention import drop_some
from krak.core.transactions import takes_part
from krak.customers.models import Customer

KEPT_AFTER_EXPIRY: Final = timedelta(days=30)


class Expired(DomainError):
    """The quote's time is over; a new one has to be asked for."""

    code = "quotes.expired"
    title = "This quote has expired; ask for a new one."
    kind = Kind.CONFLICT


class AlreadyAccepted(DomainError):
    """The quote was accepted before."""

    code = "quotes.already_accepted"
    title = "This quote was accepted before."
    kind = Kind.CONFLICT


@takes_part
def offer(
    *,
    customer: Customer,
    sell: str,
    buy: str,
    fixed: Fixed,
    amount: Decimal,
    board: Board,
    now: datetime,
) -> Quote:
    """Give a customer a firm price for exactly `amount` (shown units of the fixed side).

    Raises:
        UnknownAsset, SameAsset, NoPriceNow: see `fx.quotes.queries.pair_of`.
        AmountTooFine: the amount has more decimals than its asset.
        What `fx.quotes.queries.price` raises.
    """
    pair = pair_of(sell, buy, board=board)
    named = pair.sold if fixed is Fixed.SELL else pair.bought
    units = in_base_units(amount, named, up=fixed is Fixed.BUY)
    priced = price(pair=pair, fixed=fixed, units=units, customer=customer, now=now)
    return keep(priced, customer=customer, source=Source.CUSTOMER, accepted_at=None, now=now)


@takes_part
def keep(
    priced: Priced,
    *,
    customer: Customer,
    source: Source,
    accepted_at: datetime | None,
    now: datetime,
) -> Quote:
    """Write down a quote with all that it was made from."""
    conversion, pair, terms = priced.conversion, priced.pair, priced.terms
    return Quote.objects.create(
        id=uuid7(),
        customer=customer,
        source=source,
        fixed=conversion.fixed.value,
        sell_currency=pair.sold.price.code,
        sell_units=conversion.sell,
        buy_currency=pair.bought.price.code,
        buy_units=conversion.buy,
        fee=conversion.fee,
        spread=conversion.spread,
        rate=conversion.rate,
        usd_value=priced.usd_value,
        home_currency=customer.home_currency,
        home_value=priced.home_value,
        prices={
            "sell": _stored(pair.sold.price),
            "buy": _stored(pair.bought.price),
        },
        board_version=pair.board.version,
        fee_schedule=terms.schedule,
        policy=terms.policy,
        created_at=now,
        expires_at=now + timedelta(seconds=terms.policy.valid_seconds),
        accepted_at=accepted_at,
    )


@takes_part
def accept(*, quote_id: UUID, customer_id: UUID, board: Board, now: datetime) -> Quote:
    """Use a quote, once, at its price whatever the market did since.

    The customer's book must be locked, so that a day's limit holds for several at once.

    Raises:
        QuoteNotFound: there is none, or it is another customer's.
        AlreadyAccepted: it was used before.
        Expired: its time is over.
        Halted, Delisting: trading in one of the assets was stopped meanwhile.
        AboveDailyMaximum: other conversions came first.
    """
    quote = quote_of(quote_id=quote_id, customer_id=customer_id)
    if quote.accepted_at is not None:
        raise AlreadyAccepted
    if now >= quote.expires_at:
        raise Expired(
            "Ask for a new quote with POST /v1/quotes.", expired_at=quote.expires_at.isoformat()
        )
    require_not_halted(quote.sell_currency, quote.buy_currency, board=board, now=now)
    require_within_day(quote.usd_value, policy=quote.policy, customer_id=customer_id, now=now)
    quote.accepted_at = max(now, quote.created_at)
    if not Quote.objects.filter(customer_id=customer_id, id=quote.id, accepted_at=None).update(
        accepted_at=quote.accepted_at
    ):
        raise AlreadyAccepted
    return quote


@takes_part
def purge(*, now: datetime) -> int:
    """Forget a batch of quotes that nobody took for `KEPT_AFTER_EXPIRY`; return how many."""
    untaken = Quote.objects.filter(accepted_at=None, expires_at__lt=now - KEPT_AFTER_EXPIRY)
    return drop_some(untaken, by="expires_at")


def _stored(leg: Price) -> dict[str, Any]:
    return {
        "bid": plain(leg.bid),
        "ask": plain(leg.ask),
        "multiplier": plain(leg.multiplier),
        "venue": leg.venue,
        "source": leg.source,
        "as_of": leg.as_of.isoformat(),
        "market_open": leg.market_open,
    }
