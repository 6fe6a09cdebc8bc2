"""What was delisted becomes cash at its last price: without a fee or a spread, within no limit."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fx.assets import queries as assets
from fx.prices.rules import Board, Price
from fx.quotes.queries.limits import terms_in_force
from fx.quotes.queries.pairs import Pair, price_on
from fx.quotes.queries.permission import StalePrice
from fx.quotes.queries.pricing import Priced
from fx.quotes.rules import Fees, Side, TooLarge, TooSmall, sell_exactly, usd_value
from krak.customers.models import Customer

if TYPE_CHECKING:
    from fx.assets.models import Delisting


def usd_of_delisted(delisting: "Delisting") -> Decimal:
    """Return what one base unit of what was delisted, and has its last price, becomes in USD."""
    price = _last_price(delisting)
    return price.bid * price.multiplier


def price_of_delisted(
    delisting: "Delisting", *, units: Decimal, customer: Customer, board: Board, now: datetime
) -> Priced | None:
    """Return what `units` (base) become in the customer's home currency.

    None when there are none, they are worth less than its last unit, or too much to be counted.

    Raises:
        NoPriceNow, StalePrice: the home currency has no price, or none that is young enough.
    """
    home = price_on(customer.home_currency, board)
    if not board.may_buy(home.code, now):
        raise StalePrice(asset=home.code, as_of=home.as_of.isoformat())
    last = _last_price(delisting)
    pair = Pair(
        sold=Side(price=last, places=assets.facts(last.code).decimals),
        bought=Side(price=home, places=assets.facts(home.code).decimals),
        board=board,
    )
    try:
        conversion = sell_exactly(
            max(units, Decimal(0)), sold=pair.sold, bought=pair.bought, fees=Fees()
        )
    except (TooSmall, TooLarge):
        return None
    return Priced(
        pair=pair,
        terms=terms_in_force(at=now),
        conversion=conversion,
        usd_value=usd_value(conversion.sell, pair.sold),
        home_value=conversion.buy,
    )


def _last_price(delisting: "Delisting") -> Price:
    """Return the last price; what a shown unit was then it stays, whatever is split later."""
    if delisting.price_usd is None or delisting.price_as_of is None:
        raise ValueError(f"{delisting} has no last price yet")
    code = delisting.asset.code
    return Price(
        code=code,
        kind=assets.facts(code).kind,
        bid=delisting.price_usd,
        ask=delisting.price_usd,
        as_of=delisting.price_as_of,
        source="delisting",
        venue="reference",
        market_open=False,
        multiplier=assets.multiplier_of(code, at=delisting.price_as_of),
    )
