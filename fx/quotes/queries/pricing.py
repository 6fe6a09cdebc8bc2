"""What a conversion would cost right now."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from fx.quotes.models import Quote
from fx.quotes.queries.limits import (
    AmountTooLarge,
    BelowMinimum,
    Terms,
    require_within_day,
    require_within_limits,
    terms_in_force,
)
from fx.quotes.queries.pairs import Pair, side_of
from fx.quotes.queries.permission import require_allowed, require_tradable
from fx.quotes.rules import (
    Conversion,
    Fixed,
    TooLarge,
    TooSmall,
    buy_exactly,
    middle_value,
    sell_exactly,
    usd_value,
)
from krak.core.errors import DomainError, Kind
from krak.core.money import plain
from krak.customers.models import Customer


class QuoteNotFound(DomainError):
    """No such quote, or not one of the customer's."""

    code = "quotes.not_found"
    title = "There is no such quote."
    kind = Kind.NOT_FOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A conversion that may be done now, and what it was reckoned with."""

    pair: Pair
    terms: Terms
    conversion: Conversion
    usd_value: Decimal
    home_value: Decimal


def price(*, pair: Pair, fixed: Fixed, units: Decimal, customer: Customer, now: datetime) -> Priced:
    """Return what converting `units` (base units of the fixed side) costs now; nothing is kept.

    Raises:
        AccountFrozen, Halted, Delisting, NotEligible, SuitabilityNeeded: see `require_allowed`.
        StalePrice: see `require_tradable`.
        BelowMinimum, AboveMaximum, AboveDailyMaximum: it is worth too little or too much.
        AmountTooLarge: an amount is beyond what the ledger keeps.
        NoPriceNow: the home currency has no price to reckon gains in.
    """
    require_allowed(pair=pair, customer=customer, now=now)
    require_tradable(pair=pair, now=now)
    terms = terms_in_force(at=now)
    conversion = converted(pair=pair, fixed=fixed, units=units, terms=terms)
    value = usd_value(conversion.sell, pair.sold)
    require_within_limits(value, policy=terms.policy)
    require_within_day(value, policy=terms.policy, customer_id=customer.id, now=now)
    return Priced(
        pair=pair,
        terms=terms,
        conversion=conversion,
        usd_value=value,
        home_value=_home_value(conversion, pair=pair, home=customer.home_currency),
    )


def converted(*, pair: Pair, fixed: Fixed, units: Decimal, terms: Terms) -> Conversion:
    """Return the arithmetic of a conversion alone.

    Raises:
        BelowMinimum: it buys nothing.
        AmountTooLarge: an amount is beyond what the ledger keeps.
    """
    reckon = sell_exactly if fixed is Fixed.SELL else buy_exactly
    try:
        return reckon(units, sold=pair.sold, bought=pair.bought, fees=terms.fees)
    except TooSmall:
        raise BelowMinimum(minimum_usd=plain(terms.policy.minimum_usd)) from None
    except TooLarge:
        raise AmountTooLarge from None


def quote_of(*, quote_id: UUID, customer_id: UUID) -> Quote:
    """Return a quote that the customer asked for.

    Raises:
        QuoteNotFound: there is none, or it is another customer's.
    """
    found = Quote.objects.filter(id=quote_id, customer_id=customer_id).first()
    if found is None:
        raise QuoteNotFound
    return found


def _home_value(conversion: Conversion, *, pair: Pair, home: str) -> Decimal:
    if home == pair.bought.price.code:
        return conversion.buy
    if home == pair.sold.price.code:
        return conversion.sell
    side = side_of(home, board=pair.board)
    return middle_value(conversion.buy, pair.bought, side)
