"""Boards with exact prices."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from fx.assets.rules import Activation, Kind
from fx.prices.rules import Board, Price, board_of
from krak.core import clock

KINDS = {
    "USD": Kind.FIAT,
    "EUR": Kind.FIAT,
    "GBP": Kind.FIAT,
    "JPY": Kind.FIAT,
    "USDC": Kind.STABLECOIN,
    "USDG": Kind.STABLECOIN,
    "BTC": Kind.CRYPTO,
    "ETH": Kind.CRYPTO,
    "SOL": Kind.CRYPTO,
    "PAXG": Kind.COMMODITY_TOKEN,
    "AAPLx": Kind.TOKENIZED_EQUITY,
    "SPYx": Kind.TOKENIZED_ETF,
}
USUAL = {
    "USD": "1", "EUR": "1.10", "JPY": "0.0066", "USDC": "1.00", "BTC": "50000", "ETH": "2500",
    "SOL": "100", "AAPLx": "200", "SPYx": "500",
}  # fmt: skip


def board_of_pins(
    bid: dict[str, str],
    *,
    stale: Sequence[str] = (),
    market_closed: Sequence[str] = (),
    halted: Sequence[str] = (),
    multipliers: dict[str, str] | None = None,
    ask: dict[str, str] | None = None,
    built_at: datetime | None = None,
    activations: dict[str, tuple[Activation, ...]] | None = None,
) -> Board:
    """Return a board with bid = ask unless `ask` says otherwise, fresh unless `stale`."""
    now = built_at or clock.now()
    prices = USUAL | bid
    return board_of(
        (
            Price(
                code=code,
                kind=KINDS[code],
                bid=Decimal(price),
                ask=Decimal((ask or {}).get(code, price)),
                as_of=now,
                source="test",
                venue="pinned",
                market_open=code not in market_closed,
                halted=code in halted,
                multiplier=Decimal((multipliers or {}).get(code, "1")),
                pinned=True,
                stale_pin=code in stale,
            )
            for code, price in prices.items()
        ),
        version=int(now.timestamp() * 1_000_000),
        built_at=now,
        multipliers=activations,
    )
