"""Reads of price alerts: a customer's, and those that a board has crossed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

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
_CROSSED: Final = f"""
SELECT crossed.id FROM unnest(%s::text[], %s::text[], %s::numeric[])
       AS market (asset, currency, price)
 CROSS JOIN LATERAL (
    SELECT id FROM alerts_pricealert AS alert
     WHERE {_WAITS} AND alert.asset = market.asset AND alert.currency = market.currency
       AND alert.direction = 'ABOVE' AND alert.base_price <= market.price
    UNION ALL
    SELECT id FROM alerts_pricealert AS alert
     WHERE {_WAITS} AND alert.asset = market.asset AND alert.currency = market.currency
       AND alert.direction = 'BELOW' AND alert.base_price >= market.price
 ) AS crossed LIMIT %s
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
        cursor.execute(_PAIRS)
        return [(asset, currency) for asset, currency in cursor.fetchall()]


def crossed(market: Mapping[Pair, Decimal], *, most: int) -> list[UUID]:
    """Return up to `most` waiting alerts whose price these prices of base units have reached."""
    with connection.cursor() as cursor:
        assets, currencies = [pair[0] for pair in market], [pair[1] for pair in market]
        cursor.execute(_CROSSED, [assets, currencies, list(market.values()), most])
        return [row[0] for row in cursor.fetchall()]
