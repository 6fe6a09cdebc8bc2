"""Jupiter's Price API: what the tokens of shares were last swapped at on Solana, at any hour.

A swap has a block and no time: how old it is the newest block in the same answer tells. Tokens are
asked for by their mint, since anybody can make another one of the same name.

Source: https://dev.jup.ag/docs/price/v3
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import batched
from typing import Any, Final

from django.conf import settings

from fx.prices.providers import http
from fx.prices.providers.base import Catalogue, Provider, VendorProblem
from fx.prices.providers.reading import json_of, number_of
from fx.prices.ticks import Fault, Tick
from krak.core.clock import now as the_time

SOURCE: Final = "Jupiter"
CLOCK: Final = "So11111111111111111111111111111111111111112"
"""The mint of wrapped SOL, which is swapped in every block."""
BLOCK: Final = timedelta(milliseconds=400)
MOST_MINTS: Final = 50
"""That one call may ask for."""
LEAST_LIQUIDITY_USD: Final = Decimal(250_000)
"""In a smaller pool a price costs too little to make."""


class Jupiter(Provider):
    """A last swap is a middle; the spread of the chain is put on when it is used."""

    name = "jupiter"
    pause_seconds = 10.0
    backoff_seconds = (2.0, 10.0, 30.0, 60.0)

    def __init__(self, listing: Catalogue) -> None:
        super().__init__(listing)
        self._client = http.client(**{"x-api-key": settings.JUPITER_API_KEY})

    def ticks(self) -> Iterator[Tick]:
        """Ask for every share that has a mint, once."""
        for some in batched(self.listing().mints.items(), MOST_MINTS - 1):
            if self.stopping.is_set():
                return
            yield from self._ask(dict(some))

    def _ask(self, codes: Mapping[str, str]) -> Iterator[Tick]:
        asked_at = the_time()
        said = json_of(
            http.get(self._client, settings.JUPITER_URL, {"ids": ",".join([CLOCK, *codes])})
        )
        newest = _block(said.get(CLOCK)) if isinstance(said, dict) else None
        if newest is None:
            raise VendorProblem("no block to tell the time by")
        for mint, code in codes.items():
            # What Jupiter has no price for that it trusts is not in the answer.
            if mint not in said:
                continue
            self.count()
            entry = said[mint]
            block, price = _block(entry), _number(entry, "usdPrice")
            if block is None or price is None:
                self.reject(Fault.MALFORMED, f"{code}: {str(entry)[:80]}")
            elif (_number(entry, "liquidity") or 0) < LEAST_LIQUIDITY_USD:
                self.reject(Fault.THIN, code)
            else:
                yield Tick(
                    code=code, venue="on_chain", bid=price, ask=price, source=SOURCE,
                    as_of=asked_at - max(newest - block, 0) * BLOCK,
                )  # fmt: skip


def _block(entry: Any) -> int | None:
    block = entry.get("blockId") if isinstance(entry, dict) else None
    plain = isinstance(block, int) and not isinstance(block, bool) and 0 < block < 2**48
    return block if plain else None


def _number(entry: Any, name: str) -> Decimal | None:
    return number_of(entry.get(name)) if isinstance(entry, dict) else None
