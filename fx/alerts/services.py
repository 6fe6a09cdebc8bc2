"""Set price alerts, drop them, and fire those that the board has crossed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from fx.alerts import queries
from fx.alerts.models import PriceAlert
from fx.alerts.queries import Pair
from fx.alerts.rules import Direction, is_reached, market_price, per_base_unit, per_shown_unit
from fx.assets.rules import AssetFacts
from fx.prices.rules import Board
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.money import plain, rate_to
from krak.core.rows import locked
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer
from krak.notifications import services as notifications

MOST_WAITING: Final = 50
MOST_KEPT: Final = 200
AT_ONCE: Final = 100
MOST_A_ROUND: Final = 5000


class TooManyAlerts(DomainError):
    """The customer has as many alerts as one may have."""

    code = "alerts.too_many"
    title = f"There can be {MOST_WAITING} price alerts that wait, and {MOST_KEPT} in all."
    kind = Kind.REFUSED


class NotACurrency(DomainError):
    """The price is asked for in something that is no currency."""

    code = "alerts.not_a_currency"
    title = "The price of an alert is in a currency, and of something else."


class AlreadyReached(DomainError):
    """The price is there already: it would fire at once."""

    code = "alerts.already_reached"
    title = "The price is there already."
    kind = Kind.REFUSED


class NoPrice(DomainError):
    """There is no price to begin from."""

    code = "alerts.no_price"
    title = "There is no price of this right now."
    kind = Kind.UNAVAILABLE


@takes_part
def set_alert(
    *,
    customer_id: UUID,
    asset: AssetFacts,
    currency: AssetFacts,
    direction: Direction,
    price: Decimal,
    pause_hours: int | None,
    board: Board,
    now: datetime,
) -> PriceAlert:
    """Let a customer hear when one shown unit of `asset` is at `price` in `currency`, or beyond.

    Once, or with `pause_hours` again whenever that long has passed and the price is there.

    Raises:
        NotACurrency: of `currency`, or the two are the same.
        NoPrice: the board lacks one of the two.
        AlreadyReached: the market is there now.
        TooManyAlerts: there are `MOST_WAITING` that wait, or `MOST_KEPT` in all.
    """
    if not currency.properties.is_cash or currency.code == asset.code:
        raise NotACurrency
    # Whoever else sets an alert for the same customer waits here, and then counts ours.
    Customer.objects.select_for_update(no_key=True).get(id=customer_id)
    theirs = queries.alerts(customer_id=customer_id)
    live = theirs.filter(Q(fires=0) | Q(pause_hours__isnull=False))
    if live.count() >= MOST_WAITING or theirs.count() >= MOST_KEPT:
        raise TooManyAlerts
    if board.price(asset.code) is None or board.price(currency.code) is None:
        raise NoPrice
    base_price = per_base_unit(price, multiplier=board.multiplier(asset.code, now))
    market = market_price(board, asset=asset.code, currency=currency.code, now=now)
    if market is not None and is_reached(direction, base_price=base_price, market=market):
        shown = per_shown_unit(market, multiplier=board.multiplier(asset.code, now))
        raise AlreadyReached(price=plain(shown), currency=currency.code)
    return PriceAlert.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        asset=asset.code,
        currency=currency.code,
        direction=direction.value,
        price=price,
        base_price=base_price,
        pause_hours=pause_hours,
        created_at=now,
    )


@takes_part
def drop(*, alert: PriceAlert) -> None:
    """Forget an alert; one that is firing at this moment fires first."""
    PriceAlert.objects.filter(id=alert.id).delete()


def fire_crossed(*, board: Board, now: datetime) -> int:
    """Fire each waiting alert that the board has crossed, once; return how many.

    Only those are read. Any number of workers may do so at once: who locks an alert fires it.
    """
    PriceAlert.objects.filter(rests_until__lte=now).update(rests_until=None)
    market = {
        pair: price
        for pair in queries.waiting_pairs()
        if (price := market_price(board, asset=pair[0], currency=pair[1], now=now)) is not None
    }
    reached = queries.crossed(market, most=MOST_A_ROUND) if market else []
    return sum(_fire(ids, market, board=board, now=now) for ids in batched(reached, AT_ONCE))


@transaction
def _fire(
    ids: Sequence[UUID], market: Mapping[Pair, Decimal], *, board: Board, now: datetime
) -> int:
    waiting = PriceAlert.objects.filter(queries.WAITING, id__in=ids)
    fired = locked(waiting, skip_locked=True)
    for alert in fired:
        alert.fires += 1
        alert.fired_at = now
        if alert.pause_hours is not None:
            alert.rests_until = now + timedelta(hours=alert.pause_hours)
        price = market[alert.asset, alert.currency]
        notifications.promise(
            alert.customer_id,
            "price.alert",
            _facts(alert, price, board.multiplier(alert.asset, now)),
        )
    PriceAlert.objects.bulk_update(fired, ["fires", "fired_at", "rests_until"])
    return len(fired)


def _facts(alert: PriceAlert, market: Decimal, multiplier: Decimal) -> dict[str, Any]:
    """Return what a notice says; both prices are of one shown unit of the moment."""
    price = per_shown_unit(alert.base_price, multiplier=multiplier)
    now = rate_to(per_shown_unit(market, multiplier=multiplier), rounding=ROUND_HALF_EVEN)
    return {
        "alert": alert.shown_id,
        "asset": alert.asset,
        "direction": alert.direction.lower(),
        "price": {"amount": plain(price), "currency": alert.currency},
        "market": {"amount": plain(now), "currency": alert.currency},
    }
