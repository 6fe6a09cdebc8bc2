"""Open Exchange Rates: reference rates of most of the world's currencies, hourly.

Source: https://docs.openexchangerates.org/reference/latest-json
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context
from typing import Final

from django.conf import settings

from fx.prices.providers import http
from fx.prices.providers.base import Catalogue, Provider, VendorProblem
from fx.prices.providers.ecb import is_rate
from fx.prices.providers.reading import json_of, number_of
from fx.prices.rules import BASE
from fx.prices.ticks import Fault, Tick

SOURCE: Final = "Open Exchange Rates"
_TWELVE_DIGITS: Final = Context(prec=12, rounding=ROUND_HALF_EVEN)


class OpenExchangeRates(Provider):
    """Units per dollar, turned over; what is no state's money is left to others."""

    name = "open_exchange_rates"
    pause_seconds = 3600.0
    backoff_seconds = (5.0, 30.0, 60.0, 300.0)

    def __init__(self, listing: Catalogue) -> None:
        super().__init__(listing)
        self._client = http.client()

    def ticks(self) -> Iterator[Tick]:
        """Ask for the newest rates."""
        url = f"{settings.OPEN_EXCHANGE_RATES_URL}/latest.json"
        parameters = {"app_id": settings.OPEN_EXCHANGE_RATES_APP_ID, "base": BASE}
        body = json_of(http.get(self._client, url, parameters))
        if not isinstance(body, dict) or not isinstance(body.get("rates"), dict):
            raise VendorProblem("no rates")
        if body.get("base") != BASE:
            raise VendorProblem(f"rates of {body.get('base')!r}")
        seconds = body.get("timestamp")
        if not isinstance(seconds, int) or not 0 < seconds < 2**40:
            raise VendorProblem(f"no timestamp: {seconds!r}")
        as_of = datetime.fromtimestamp(seconds, UTC)
        assets = self.listing().assets
        for code, said in body["rates"].items():
            asset = assets.get(code)
            if code == BASE:
                continue
            if asset is None or not asset.properties.is_cash:
                self.reject(Fault.UNKNOWN_SYMBOL, code)
                continue
            rate = number_of(said)
            if rate is None:
                self.reject(Fault.MALFORMED, f"{code}: {said!r}")
            elif not is_rate(rate):
                self.reject(Fault.ABSURD, f"{code}: {rate:.20g}")
            else:
                middle = _TWELVE_DIGITS.divide(1, rate)
                yield Tick(code=code, venue="reference", bid=middle, ask=middle, as_of=as_of,
                           source=SOURCE)  # fmt: skip
