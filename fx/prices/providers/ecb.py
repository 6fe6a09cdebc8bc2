"""The European Central Bank's daily reference rates, crossed from euros to dollars.

Source: https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml
"""

from collections.abc import Iterator
from datetime import UTC, date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings

from fx.prices.providers import http
from fx.prices.providers.base import Catalogue, Provider, VendorProblem
from fx.prices.providers.reading import number_in
from fx.prices.rules import BASE
from fx.prices.ticks import Fault, Tick
from fx.venues.rules import reference_moment

EURO: Final = "EUR"
_TWELVE_DIGITS: Final = Context(prec=12, rounding=ROUND_HALF_EVEN)


class EuropeanCentralBank(Provider):
    """Rates of 16:00 in Frankfurt on working days; a rate is a middle without a spread."""

    name = "ecb"
    pause_seconds = 300.0
    backoff_seconds = (5.0, 30.0, 60.0, 300.0)

    def __init__(self, listing: Catalogue) -> None:
        super().__init__(listing)
        self._client = http.client()

    def ticks(self) -> Iterator[Tick]:
        """Ask for the newest day's rates."""
        day, rates = _rates_in(http.get(self._client, settings.ECB_URL))
        dollars = number_in(rates.pop(BASE, None))
        if dollars is None or not is_rate(dollars):
            raise VendorProblem(f"no rate of {BASE}")
        as_of = reference_moment(day).astimezone(UTC)
        source = f"ECB {day.isoformat()}"
        for code, text in {EURO: "1", **rates}.items():
            rate = number_in(text)
            if rate is None:
                self.reject(Fault.MALFORMED, f"{code}: {text[:40]}")
            elif not is_rate(rate):
                self.reject(Fault.ABSURD, f"{code}: {text[:40]}")
            else:
                middle = _TWELVE_DIGITS.divide(dollars, rate)
                yield Tick(code=code, venue="reference", bid=middle, ask=middle, as_of=as_of,
                           source=source)  # fmt: skip


def is_rate(rate: Decimal) -> bool:
    """Tell whether a number can be how many units of a currency one unit of another is worth."""
    return rate.is_finite() and Decimal("1E-9") < rate < Decimal("1E+9")


def _rates_in(body: bytes) -> tuple[date, dict[str, str]]:
    try:
        cubes = [each for each in fromstring(body).iter() if each.tag.rpartition("}")[2] == "Cube"]
        day = next(cube.attrib["time"] for cube in cubes if "time" in cube.attrib)
        rates = {
            cube.attrib["currency"]: cube.attrib["rate"]
            for cube in cubes
            if "currency" in cube.attrib and "rate" in cube.attrib
        }
        return date.fromisoformat(day), rates
    except (ParseError, DefusedXmlException, StopIteration, ValueError) as problem:
        raise VendorProblem(f"no reference rates: {type(problem).__name__}") from None
