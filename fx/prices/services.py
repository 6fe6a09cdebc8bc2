"""Writes: publishing a board, keeping copies of it, and pinning prices in the sandbox."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.conf import settings

from fx.assets import catalogue
from fx.prices import codec, live
from fx.prices.feed import FORGET_SECONDS, LIVE_SECONDS, Feed, Unavailable
from fx.prices.health import Report
from fx.prices.merging import Outlier
from fx.prices.models import BoardCopy, ProviderReport
from fx.prices.pins import InvalidPin, Pins, check, in_usd, merge, overlay
from fx.prices.rules import BASE, Board, NoPrice
from krak.cases.services import open_case
from krak.core.errors import DomainError, Kind
from krak.core.money import plain
from krak.core.transactions import takes_part, transaction

logger = logging.getLogger(__name__)

PIN_WAIT_SECONDS: Final = 6.0
_POLL_SECONDS: Final = 0.005


class UnpinnablePrice(DomainError):
    """What should be pinned is no price, or is in a currency that has none."""

    code = "prices.unpinnable"
    title = "A pinned price is positive and in a currency that has a price."


class PinsUnavailable(DomainError):
    """Valkey cannot be reached, so the other processes cannot be told."""

    code = "prices.pins_unavailable"
    title = "Prices cannot be pinned right now."
    kind = Kind.UNAVAILABLE


class PinsOutsideSandbox(Exception):
    """Somebody tried to pin prices of real money: a bug."""


@transaction
def keep_copy(board: Board) -> None:
    """Copy a board to the database; again is harmless."""
    BoardCopy.objects.bulk_create(
        [
            BoardCopy(
                version=board.version,
                built_at=board.built_at,
                body=codec.encode(board).decode(),
            )
        ],
        ignore_conflicts=True,
    )


@takes_part
def drop_copies(ids: Sequence[UUID]) -> None:
    """Drop copies that lie in the archive."""
    BoardCopy.objects.filter(id__in=ids).delete()


@transaction
def keep_reports(reports: Sequence[Report], *, now: datetime) -> None:
    """Keep how every provider is doing, and drop those that are no longer asked."""
    ProviderReport.objects.bulk_create(
        [
            ProviderReport(provider=report.provider, body=report.as_json(), reported_at=now)
            for report in reports
        ],
        update_conflicts=True,
        unique_fields=["provider"],
        update_fields=["body", "reported_at"],
    )
    names = [report.provider for report in reports]
    ProviderReport.objects.exclude(provider__in=names).delete()


@transaction
def put_before_staff(outliers: Iterable[Outlier], *, now: datetime) -> None:
    """Open a case for every price that was held back: one for an asset and a day."""
    for outlier in outliers:
        open_case(
            kind="price_outlier",
            subject=f"{outlier.code} {outlier.since:%Y-%m-%d}",
            customer_id=None,
            now=now,
            provider=outlier.provider,
            bid=plain(outlier.bid),
            ask=plain(outlier.ask),
            against=outlier.against,
            since=outlier.since.isoformat(),
        )


def pin_prices(
    *,
    bid: Mapping[str, Decimal],
    currency: str = BASE,
    stale: Iterable[str] = (),
    market_closed: Iterable[str] = (),
    halted: Iterable[str] = (),
) -> int:
    """Hold prices still, on top of what is pinned already, until `unpin_prices`.

    `bid` is per shown unit in `currency`. What is said about an asset last is what holds. Returns
    the version of the pins when every live process has applied them, after three seconds at most.

    Raises:
        UnpinnablePrice: a price is not positive, or `currency` has no price.
        PinsUnavailable: Valkey cannot be reached.
    """
    pins = Pins(
        currency=currency,
        bid=dict(bid),
        stale=frozenset(stale),
        market_closed=frozenset(market_closed),
        halted=frozenset(halted),
    )

    def change(old: Pins) -> Pins:
        # Pinned a moment ago, the currency may not have reached our own board yet.
        board = overlay(live.current(), old, known=catalogue.known())
        return merge(old, in_usd(pins, board), version=_next_version(old))

    try:
        check(pins)
        return _replace(change)
    except InvalidPin as problem:
        raise UnpinnablePrice(str(problem)) from problem
    except NoPrice as problem:
        raise UnpinnablePrice(f"{currency} has no price") from problem


def unpin_prices() -> int:
    """Let the market have all prices back. Returns as `pin_prices` does.

    Raises:
        PinsUnavailable: Valkey cannot be reached.
    """
    # Empty pins of a later version, not a missing key: that would only say that Valkey was emptied.
    return _replace(lambda old: Pins(version=_next_version(old)))


def _replace(change: Callable[[Pins], Pins]) -> int:
    if not settings.SANDBOX:
        raise PinsOutsideSandbox
    live.start()
    live.wait_until_loaded(1.0)
    feed = Feed()
    try:
        version = feed.replace_pins(change).version
        _wait_for_everybody(feed, version)
    except Unavailable as problem:
        raise PinsUnavailable from problem
    finally:
        feed.close()
    return version


def _wait_for_everybody(feed: Feed, pins_version: int) -> None:
    deadline = time.monotonic() + PIN_WAIT_SECONDS
    while True:
        now = time.time()
        acks = feed.acks()
        feed.forget(*(ack.process for ack in acks if now - ack.at > FORGET_SECONDS))
        waiting = [
            ack.process
            for ack in acks
            if now - ack.at < LIVE_SECONDS and ack.pins_version < pins_version
        ]
        if not waiting:
            return
        if time.monotonic() > deadline:
            logger.warning("Pins were not applied in time by %s.", ", ".join(waiting))
            return
        time.sleep(_POLL_SECONDS)


def _next_version(old: Pins) -> int:
    # Of the clock, so that it still grows after Valkey was emptied.
    return max(old.version + 1, time.time_ns() // 1000)
