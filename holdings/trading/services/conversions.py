"""Convert: one entry, lots that leave, a lot that comes, a trade."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fx.prices.rules import Board
from fx.quotes import queries as pricing
from fx.quotes import services as quotes
from fx.quotes.queries import Pair, Priced
from fx.quotes.rules import Fixed, Source
from holdings.ledger import services as ledger
from holdings.ledger.rules import Entry
from holdings.lots import services as lots
from holdings.trading.models import Trade
from holdings.trading.rules.conversion import legs_of_conversion
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.money import plain
from krak.core.transactions import takes_part
from krak.customers.models import Act, Customer
from krak.customers.queries import permitted, require_within

if TYPE_CHECKING:
    from fx.quotes.models import Quote


class InsufficientFunds(DomainError):
    """Less is available than has to be given."""

    code = "trading.insufficient_funds"
    title = "Not enough of this asset is available."
    kind = Kind.REFUSED


@takes_part
def accept_quote(*, quote_id: UUID, customer: Customer, board: Board, now: datetime) -> Trade:
    """Do what a quote says, once, at its price whatever the market did since.

    Raises:
        QuoteNotFound, AlreadyAccepted, Expired, Halted, Delisting, AboveDailyMaximum: see
            `fx.quotes.services.accept`.
        AccountFrozen: compliance froze the account meanwhile.
        What `require_permitted` raises.
        InsufficientFunds: what is sold is not available.
    """
    ledger.lock_books([customer.id])
    customer.refresh_from_db(fields=["frozen_at"])
    if customer.frozen_at is not None:
        raise pricing.AccountFrozen
    quote = quotes.accept(quote_id=quote_id, customer_id=customer.id, board=board, now=now)
    # Accepted as it is, the quote is among what was converted today.
    require_permitted(customer, usd=Decimal(0), board=board, now=now)
    require_funds(
        customer_id=customer.id,
        currency=quote.sell_currency,
        units=quote.sell_units,
        board=board,
        now=now,
    )
    return settle(quote, now=now)


@takes_part
def convert(
    *,
    customer: Customer,
    pair: Pair,
    fixed: Fixed,
    units: Decimal,
    source: Source,
    now: datetime,
) -> Trade:
    """Convert now, at the price of the board; `units` are base units of the fixed side.

    The customer's book must be locked. What is refused is refused before anything is written.

    Raises:
        InsufficientFunds: what is sold is not available.
        What `fx.quotes.queries.price` and `require_permitted` raise.
    """
    priced = pricing.price(pair=pair, fixed=fixed, units=units, customer=customer, now=now)
    require_permitted(customer, usd=priced.usd_value, board=pair.board, now=now)
    require_funds(
        customer_id=customer.id,
        currency=pair.sold.price.code,
        units=priced.conversion.sell,
        board=pair.board,
        now=now,
    )
    return execute(priced, customer=customer, source=source, now=now)


@takes_part
def execute(priced: Priced, *, customer: Customer, source: Source, now: datetime) -> Trade:
    """Do what was priced in this transaction; that it may be, and the funds, are known."""
    return settle(
        quotes.keep(priced, customer=customer, source=source, accepted_at=now, now=now), now=now
    )


@takes_part
def require_permitted(customer: Customer, *, usd: Decimal, board: Board, now: datetime) -> None:
    """Refuse to convert `usd` more than was converted today and this month, by whatever asks.

    The customer's book must be locked.

    Raises:
        NoPriceNow: the limit is in a currency without a price.
        What `krak.customers.queries.permitted` and `require_within` raise.
    """
    allowance = permitted(customer, Act.TRADE, now=now)
    rate = pricing.rate_from_usd(allowance.currency, board=board)
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day, month = (
        (pricing.converted_since(since, customer_id=customer.id) + usd) * rate
        for since in (today, today.replace(day=1))
    )
    require_within(allowance, day=day, month=month)


@takes_part
def require_funds(
    *, customer_id: UUID, currency: str, units: Decimal, board: Board, now: datetime
) -> None:
    """Refuse to go on when less than `units` (base) are available; the book must be locked.

    Raises:
        InsufficientFunds: they are not.
    """
    account = ledger.account_of(customer_id=customer_id, currency=currency)
    available = account.posted - account.held
    if available < units:
        multiplier = board.multiplier(currency, now)
        raise InsufficientFunds(
            asset=currency,
            needed=plain(units * multiplier),
            available=plain(max(Decimal(0), available) * multiplier),
        )


@takes_part
def settle(quote: "Quote", *, now: datetime) -> Trade:
    """Post an accepted quote: one entry, lots out, a lot in. The customer's book must be locked."""
    entry = _entry(quote, now=now)
    ledger.post(entry)
    gain = Decimal(0)
    if quote.sell_currency != quote.home_currency:
        gain = lots.take(
            customer_id=quote.customer_id,
            currency=quote.sell_currency,
            units=quote.sell_units,
            proceeds=quote.home_value,
            entry_id=entry.id,
            now=now,
        )
    if quote.buy_currency != quote.home_currency:
        lots.add(
            [
                lots.Arrival(
                    customer_id=quote.customer_id,
                    currency=quote.buy_currency,
                    units=quote.buy_units,
                    cost=quote.home_value,
                    cost_currency=quote.home_currency,
                    entry_id=entry.id,
                    acquired_at=now,
                )
            ]
        )
    return Trade.objects.create(
        id=uuid7(),
        customer_id=quote.customer_id,
        quote=quote,
        entry_id=entry.id,
        gain=gain,
        gain_currency=quote.home_currency,
        executed_at=now,
    )


def _entry(quote: "Quote", *, now: datetime) -> Entry:
    customer_id = quote.customer_id
    accounts = {
        code: ledger.account_of(customer_id=customer_id, currency=code).id
        for code in (quote.sell_currency, quote.buy_currency)
    }
    return Entry(
        id=uuid7(),
        customer_id=customer_id,
        cause=f"quote:{quote.id}",
        kind="CONVERSION",
        event_at=now,
        created_at=now,
        legs=legs_of_conversion(
            sell=quote.sell_currency,
            sell_units=quote.sell_units,
            sell_account=accounts[quote.sell_currency],
            buy=quote.buy_currency,
            buy_units=quote.buy_units,
            buy_account=accounts[quote.buy_currency],
            fee=quote.fee,
            spread=quote.spread,
        ),
        details=_details(quote),
    )


def _details(quote: "Quote") -> dict[str, Any]:
    return {
        "quote": str(quote.id),
        "source": quote.source,
        "rate": plain(quote.rate),
        "prices": quote.prices,
        "board_version": str(quote.board_version),
    }
