"""Reads of price alerts: a customer's, and those that a board has crossed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from fx.alerts.models import PriceAlert
from krak.core.errors import DomainError, Kind
from krak.core.ids import MalformedId, read

type Pair = tuple[str, str]
"""An asset and the currency of its price."""

WAITING: Final = Q(rests_until=None) & (Q(fires=0) | Q(pause_hours__isnull=False))
_WAITS: Final = "rests_until IS NULL AND (fires = 0 OR pause_hours IS NOT NULL)"
# One step down the index per pair, however many alerts a pair has.
_PAIRS: Final = f"""
WITH RECURSIVE pair AS (
    (SELECT asset, currency FROM alerts_pricealert WHERE {_WAITS}
      ORDER BY asset, currency LIMIT 1)
    UNION ALL
    SELECT after.asset, after.currency FROM pair CROSS JOIN LATERAL (
        SELECT asset, currency FROM alerts_pricealert
         WHERE {_WAITS} AND (asset, currency) > (pair.asset, pair.currency)
         ORDER BY asset, currency LIMIT 1) AS after
)
SELECT asset, currency FROM pair
"""  # noqa: S608 - a constant
# What a database that is spread by customer can ask all its parts: they know no recursion.
_ALL_PAIRS: Final = f"SELECT DISTINCT asset, currency FROM alerts_pricealert WHERE {_WAITS}"  # noqa: S608
_MARKET: Final = "unnest(%s::text[], %s::text[], %s::numeric[]) AS market (asset, currency, price)"
_CROSSED: Final = f"""
SELECT alert.id FROM alerts_pricealert AS alert JOIN {_MARKET} USING (asset, currency)
 WHERE {_WAITS} AND alert.direction = 'ABOVE' AND alert.base_price <= market.price
UNION ALL
SELECT alert.id FROM alerts_pricealert AS alert JOIN {_MARKET} USING (asset, currency)
 WHERE {_WAITS} AND alert.direction = 'BELOW' AND alert.base_price >= market.price
 LIMIT %s
"""  # noqa: S608 - a constant


class AlertNotFound(DomainError):
    """No such alert, or not one of the customer's."""

    code = "alerts.not_found"
    title = "There is no such price alert."
    kind = Kind.NOT_FOUND


def alerts(*, customer_id: UUID) -> QuerySet[PriceAlert]:
    """Return the customer's alerts."""
    return PriceAlert.objects.filter(customer_id=customer_id)


def alert_of(*, customer_id: UUID, shown_id: str) -> PriceAlert:
    """Return one alert of the customer.

    Raises:
        AlertNotFound: there is none, or it is another customer's: nobody can tell which.
    """
    try:
        wanted = read(PriceAlert.PREFIX, shown_id)
    except MalformedId:
        raise AlertNotFound from None
    found = alerts(customer_id=customer_id).filter(id=wanted).first()
    if found is None:
        raise AlertNotFound
    return found


def waiting_pairs() -> list[Pair]:
    """Return the pairs that some alert waits for."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL_PAIRS if settings.DISTRIBUTED else _PAIRS)
        return [(asset, currency) for asset, currency in cursor.fetchall()]


def crossed(market: Mapping[Pair, Decimal], *, most: int) -> list[UUID]:
    """Return up to `most` waiting alerts whose price these prices of base units have reached."""
    with connection.cursor() as cursor:
        prices: list[list[Any]] = [*map(list, zip(*market, strict=True)), list(market.values())]
        cursor.execute(_CROSSED, [*prices, *prices, most])
        return [row[0] for row in cursor.fetchall()]
