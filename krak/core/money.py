"""Money: the type, its exactness and its only rounding.

Every computation rounds once, here, in a direction the caller names: what a customer pays
goes up, what they get goes down. Nothing in this module depends on the ambient context
beyond its precision, which `use_exact_decimals` sets for the whole process.
"""

import decimal
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Final

import moneyed
from moneyed import Money

STORED_PLACES: Final = 10
"""Decimals that the ledger keeps; `numeric(28, 10)`."""

_MOST_PLACES_OF_MONEY: Final = 4
"""No currency of ISO 4217 has more decimals; coins and tokens do."""
_ONE: Final = Decimal(1)
_QUANTA: Final = tuple(Decimal(1).scaleb(-places) for places in range(31))
_RATES: Final = {
    rounding: decimal.Context(prec=12, rounding=rounding)
    for rounding in (ROUND_FLOOR, ROUND_CEILING, ROUND_HALF_EVEN)
}


class UnknownCurrency(LookupError):
    """No currency of that exact code is registered; codes are case-sensitive."""


class InexactAmount(ValueError):
    """The amount has more decimals than its currency or the ledger can keep."""


def use_exact_decimals() -> None:
    """Let decimals keep 78 digits in every thread, so that sums of stored amounts stay exact.

    Python's default of 28 digits silently rounds `10**10` units with 18 decimals.
    """
    decimal.DefaultContext.prec = 78
    decimal.setcontext(decimal.Context(prec=78))


def currency(code: str) -> moneyed.Currency:
    """Return the currency of exactly this code: `GMX` is a coin, `GMx` a share.

    Raises:
        UnknownCurrency: nothing is registered under `code`.
    """
    try:
        return moneyed.CURRENCIES[code]
    except KeyError:
        raise UnknownCurrency(code) from None


def register_currency(*, code: str, name: str, places: int) -> None:
    """Make `code` known to py-moneyed and django-money; again is harmless."""
    known = moneyed.CURRENCIES.get(code)
    if known is None or known.sub_unit != 10**places or known.name != name:
        moneyed.CURRENCIES[code] = moneyed.Currency(code=code, sub_unit=10**places, name=name)


def money(amount: Decimal | int | str, code: str) -> Money:
    """Return `amount` of the currency `code`, in whole units ("12.99", not minor units)."""
    return Money(Decimal(amount), currency(code))


def floor_to(amount: Decimal, places: int) -> Decimal:
    """Round towards minus infinity to `places` decimals: what a customer gets."""
    return amount.quantize(_QUANTA[places], rounding=ROUND_FLOOR)


def ceil_to(amount: Decimal, places: int) -> Decimal:
    """Round towards plus infinity to `places` decimals: what a customer pays."""
    return amount.quantize(_QUANTA[places], rounding=ROUND_CEILING)


def nearest_to(amount: Decimal, places: int) -> Decimal:
    """Round half to even to `places` decimals: figures that nobody pays or gets."""
    return amount.quantize(_QUANTA[places], rounding=ROUND_HALF_EVEN)


def allocate(total: Decimal, weights: Sequence[Decimal], *, places: int) -> list[Decimal]:
    """Share `total` out in proportion to `weights`, exactly, by largest remainder.

    Each gets its part rounded down to `places` decimals; the units left over go one each to those
    who lost most by it, the first of equals first. The parts always sum to `total`.

    Raises:
        ValueError: `total` or a weight is negative, no weight is positive, or `total` has more
            than `places` decimals.
    """
    if total < 0 or not is_exact(total, places) or min(weights, default=-1) < 0 or not any(weights):
        raise ValueError(f"{total} cannot be shared out by {weights}")
    count = int(total.scaleb(places))
    whole = sum(map(Fraction, weights), Fraction(0))
    exact = [count * Fraction(weight) / whole for weight in weights]
    parts = [int(part) for part in exact]
    by_loss = sorted(range(len(parts)), key=lambda n: (parts[n] - exact[n], n))
    for position in by_loss[: count - sum(parts)]:
        parts[position] += 1
    return [Decimal(part).scaleb(-places) for part in parts]


def rate_to(rate: Decimal, per: Decimal = _ONE, *, rounding: str) -> Decimal:
    """Return `rate` divided by `per`, rounded once, to 12 digits, in the named direction.

    Finer than any venue's tick; rates are of all sizes, so digits count and not decimals.
    `ROUND_FLOOR` for what is sold at, `ROUND_CEILING` for what is bought at, `ROUND_HALF_EVEN`
    for figures.
    """
    return _RATES[rounding].divide(rate, per)


def is_exact(amount: Decimal, places: int = STORED_PLACES) -> bool:
    """Tell whether `amount` is finite and needs no more than `places` decimals."""
    return amount.is_finite() and amount == floor_to(amount, places)


def require_exact(amount: Decimal, places: int = STORED_PLACES) -> None:
    """Refuse an amount that would have to be rounded to be kept.

    Raises:
        InexactAmount: it is not finite, or has more than `places` decimals.
    """
    if not is_exact(amount, places):
        raise InexactAmount(f"{amount} needs more than {places} decimals")


def plain(amount: Decimal) -> str:
    """Write an amount without exponent or trailing zeros: "0.0004", "5000", "-1.5"."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def at_places(amount: Decimal, places: int) -> str:
    """Write an amount with exactly its currency's decimals, "12.50"; finer amounts are refused.

    Raises:
        InexactAmount: writing it would round it.
    """
    require_exact(amount, places)
    # What is rounded up from below zero is a negative zero; adding 0 takes its sign away.
    return format(floor_to(amount, places) + 0, "f")


def places_of(code: str) -> int:
    """Return how many decimals a currency has: 2 for USD, 0 for JPY, 8 for a coin.

    Raises:
        UnknownCurrency: nothing is registered under `code`.
    """
    return len(str(currency(code).sub_unit)) - 1


def least_places(code: str) -> int:
    """Return how many decimals an amount is shown with at least: 2 for USD, 0 for a coin.

    Raises:
        UnknownCurrency: nothing is registered under `code`.
    """
    places = places_of(code)
    return places if places <= _MOST_PLACES_OF_MONEY else 0


def amount_object(value: Money) -> dict[str, str]:
    """Write money as clients read it: `{"amount": "12.50", "currency": "GBP"}`.

    With its currency's decimals; coins and tokens without trailing zeros.
    """
    code = value.currency.code
    places = least_places(code)
    exact = is_exact(value.amount, places)
    text = at_places(value.amount, places) if exact else plain(value.amount)
    return {"amount": text, "currency": code}
