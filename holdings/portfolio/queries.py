"""Reads of what customers have, what it cost, and what it was worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from fx.candles import recent
from fx.candles.queries import daily_closes
from fx.prices import live
from fx.prices.rules import BASE, Board
from fx.prices.tickers import require_price
from holdings.lots import queries as lots
from holdings.portfolio.models import DayValue
from holdings.portfolio.rules import Measure, Portfolio, Position, value
from krak.core.money import nearest_to, places_of

if TYPE_CHECKING:
    from holdings.lots.models import Disposal

# Of one moment, so that units and their cost agree whatever is being sold meanwhile. Only lots
# that account for every unit, all in one currency, say what they cost.
_POSITIONS: Final = """
SELECT account.currency, account.posted,
       CASE WHEN lots.units = account.posted THEN lots.cost END, coalesce(lots.cost_currency, '')
  FROM ledger_ledgeraccount account
  LEFT JOIN (
       SELECT currency, sum(remaining) AS units, sum(cost_remaining) AS cost,
              min(cost_currency) AS cost_currency
         FROM lots_lot WHERE customer_id = %(customer)s AND remaining > 0
        GROUP BY currency HAVING min(cost_currency) = max(cost_currency)) lots USING (currency)
 WHERE account.customer_id = %(customer)s AND account.posted <> 0
 ORDER BY account.currency
"""
# Balances as they were: what was posted since is taken off again. Ids of entries are in the order
# of time, so this reads the few postings since and no others.
_AT_THE_END_OF: Final = """
SELECT customer_id, currency, units FROM (
    SELECT account.customer_id, account.currency,
           account.posted - coalesce((
               SELECT sum(CASE posting.side WHEN 'CREDIT' THEN posting.amount
                                            ELSE -posting.amount END)
                 FROM ledger_posting posting
                WHERE posting.customer_id = account.customer_id
                  AND posting.account_id = account.id
                  AND posting.entry_id >= %(first_id)s), 0) AS units
      FROM ledger_ledgeraccount account
     WHERE account.customer_id = ANY(%(customers)s)) was
 WHERE units <> 0 ORDER BY customer_id, currency
"""
_NEXT_CUSTOMERS: Final = """
SELECT customer_id FROM ledger_book book
 WHERE customer_id > %(after)s
   AND NOT EXISTS (SELECT FROM portfolio_dayvalue done
                    WHERE done.customer_id = book.customer_id AND done.valued_on = %(on)s)
 ORDER BY customer_id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class DayWorth:
    """What everything was worth when a day ended, in the currency asked for."""

    on: date
    value: Decimal
    complete: bool
    """Every holding had a price."""


_measures: dict[str, Measure] = {}


def measure_now(currency: str, *, now: datetime) -> Measure:
    """Return the measure of this moment, the same for everybody until the board moves.

    Raises:
        CurrencyWithoutPrice: the board lacks the currency.
    """
    board, closes = live.current(), recent.a_day_ago(now)
    known = _measures.get(currency)
    if (
        known is None
        or known.board is not board
        or known.closes is not closes
        or known.multiplier != board.multiplier(currency, now)
    ):
        require_price(board, currency)
        known = Measure(board, currency, closes, places=places_of(currency), now=now)
        _measures[currency] = known
    return known


def positions(*, customer_id: UUID) -> list[Position]:
    """Return what a customer has in base units, by code, and what it cost, as of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {"customer": customer_id})
        return [Position(*row) for row in cursor.fetchall()]


def portfolio(*, customer_id: UUID, measure: Measure, now: datetime) -> Portfolio:
    """Return what a customer has and what it is worth by a measure of now."""
    return value(positions(customer_id=customer_id), measure, now=now)


def history(
    *,
    customer_id: UUID,
    currency: str,
    first_on: date,
    last_on: date,
    board: Board,
    now: datetime,
) -> list[DayWorth]:
    """Return the worth of each day from the first to the last, in `currency` as shown at `now`.

    Crossed with what the currency itself was worth when each day ended; a day without one is
    left out, and so are days on which the customer had nothing.

    Raises:
        CurrencyWithoutPrice: the board lacks the currency.
    """
    require_price(board, currency)
    multiplier = board.multiplier(currency, now)
    rows = DayValue.objects.filter(
        customer_id=customer_id, valued_on__gte=first_on, valued_on__lte=last_on
    ).order_by("valued_on")
    closes = {} if currency == BASE else daily_closes(currency, first_on=first_on, last_on=last_on)
    places = places_of(currency)
    found = []
    for row in rows:
        rate = Decimal(1) if currency == BASE else closes.get(row.valued_on)
        if rate is not None:
            worth = nearest_to(row.value * multiplier / rate, places)
            found.append(DayWorth(row.valued_on, worth, complete=not row.unpriced))
    return found


def disposals(*, customer_id: UUID, asset: str | None = None) -> "QuerySet[Disposal]":
    """Return what was sold or paid, with the lots, of one asset if named."""
    gone = lots.sales(customer_id=customer_id).select_related("lot")
    return gone if asset is None else gone.filter(currency=asset)


def customers_to_value(*, on: date, after: UUID, most: int) -> list[UUID]:
    """Return the next customers, by id, whose worth on a day is not written down."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_CUSTOMERS, {"on": on, "after": after, "most": most})
        return [row[0] for row in cursor.fetchall()]


def units_before(
    moment: datetime, *, customer_ids: Sequence[UUID]
) -> list[tuple[UUID, str, Decimal]]:
    """Return what customers had just before a moment: customer, code and base units, never 0."""
    milliseconds = int(moment.timestamp() * 1000)
    with connection.cursor() as cursor:
        cursor.execute(
            _AT_THE_END_OF,
            {"customers": list(customer_ids), "first_id": UUID(int=milliseconds << 80)},
        )
        return list(cursor.fetchall())
