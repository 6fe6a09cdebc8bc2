"""Portfolios: what a look at 900 assets costs."""

import time
from decimal import Decimal
from typing import Any, Final

_ROUNDS: Final = 50
_HELD: Final = 900


def measure() -> dict[str, Any]:
    """Value 900 assets in dollars, euros and bitcoin; the best of 50 and the first, in ms."""
    from fx.assets import catalogue  # noqa: PLC0415 - Django must be set up
    from fx.prices.rules import BASE, Price, board_of  # noqa: PLC0415
    from holdings.portfolio.rules import Measure, Position, value  # noqa: PLC0415
    from krak.core import clock  # noqa: PLC0415
    from krak.core.money import places_of  # noqa: PLC0415

    now, one = clock.now(), Decimal(1)
    board = board_of(
        (
            Price(
                code=code, kind=facts.kind, as_of=now, source="bench", venue="kraken",
                bid=one if code == BASE else one + number * Decimal("1.234567891"),
                ask=one if code == BASE else one + number * Decimal("1.236789123"),
            )
            for number, (code, facts) in enumerate(sorted(catalogue.known().items()))
        ),
        version=1,
        built_at=now,
    )  # fmt: skip
    closes = {code: price.bid * Decimal("0.99") for code, price in board.prices.items()}
    positions = [
        Position(code, Decimal("123.4567891234"), Decimal("1000.25"), "EUR")
        for code in sorted(board.prices)[:_HELD]
    ]
    results: dict[str, Any] = {"assets": len(positions)}
    for currency in ("USD", "EUR", "BTC"):
        taken = []
        began = time.perf_counter()
        measure = Measure(board, currency, closes, places=places_of(currency), now=now)
        for _ in range(_ROUNDS):
            value(positions, measure, now=now)
            taken.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
        results[f"in_{currency}_ms"] = round(min(taken), 2)
        results[f"in_{currency}_on_a_new_board_ms"] = round(taken[0], 2)
    return results
