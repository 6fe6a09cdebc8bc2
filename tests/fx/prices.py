"""Prices and boards for tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fx.assets.rules import Kind
from fx.prices.rules import EPOCH, Board, Price, board_of

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def price(code, bid, ask=None, *, kind=Kind.CRYPTO, **rest) -> Price:
    usual: dict[str, Any] = {"as_of": NOON, "source": "test", "venue": "kraken"}
    return Price(
        code=code,
        kind=kind,
        bid=Decimal(bid),
        ask=Decimal(ask or bid),
        **usual | rest,
    )


USD = price("USD", 1, kind=Kind.FIAT, venue="reference")


def board(*prices, at=NOON, version=None) -> Board:
    return board_of(
        [USD, *prices],
        version=version or int((at - EPOCH).total_seconds() * 1_000_000),
        built_at=at,
    )
