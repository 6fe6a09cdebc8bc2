"""Stripe's integers of minor units, to and from `Money`.

Stripe's exponents are its own: they are neither ISO 4217's nor py-moneyed's.
Source: https://docs.stripe.com/currencies, "Zero-decimal" and "Special cases".
"""

from decimal import Decimal
from typing import Final

from moneyed import Money

from krak.core.money import InexactAmount, UnknownCurrency, money, plain


def _set(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


ZERO_DECIMAL: Final = _set("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF")
THREE_DECIMAL: Final = _set("BHD JOD KWD OMR TND")
"""Three decimals, the last of which Stripe wants to be 0."""

WHOLE_IN_HUNDREDTHS: Final = _set("ISK UGX")
"""No decimals in life, two on the wire, both 0: `500 ugx` is 5 UGX."""

TWO_DECIMAL: Final = _set(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IQD IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL LYD MAD
    MDL MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
    PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """
)

_EXPONENTS: Final = {
    **dict.fromkeys(TWO_DECIMAL | WHOLE_IN_HUNDREDTHS, 2),
    **dict.fromkeys(ZERO_DECIMAL, 0),
    **dict.fromkeys(THREE_DECIMAL, 3),
}
# The smallest number of minor units that can be sent.
_STEPS: Final = {
    **dict.fromkeys(WHOLE_IN_HUNDREDTHS, 100),
    **dict.fromkeys(THREE_DECIMAL, 10),
}
_CODES: Final = {code.lower(): code for code in _EXPONENTS}


def exponent(code: str) -> int:
    """Return how many decimals Stripe's integers of the upper-case currency `code` carry.

    Raises:
        UnknownCurrency: Stripe has no such currency, or we do not know it.
    """
    try:
        return _EXPONENTS[code]
    except KeyError:
        raise UnknownCurrency(code) from None


def is_known(code: str) -> bool:
    """Tell whether Stripe's integers of the upper-case currency `code` can be read."""
    return code in _EXPONENTS


def from_minor(amount: int, code: str) -> Money:
    """Return Stripe's `amount` of the lower-case currency `code`, exactly as Stripe says it.

    Raises:
        UnknownCurrency: store the figure raw and count it; a coin is never meant (`gmx`).
    """
    try:
        upper = _CODES[code]
    except KeyError:
        raise UnknownCurrency(code) from None
    return money(Decimal(amount).scaleb(-_EXPONENTS[upper]), upper)


def to_minor(amount: Money) -> int:
    """Return `amount` as Stripe's integer of minor units.

    Raises:
        UnknownCurrency: Stripe cannot carry this currency.
        InexactAmount: it would have to be rounded, to the currency's minor unit or to the
            coarser step that Stripe allows (whole ISK and UGX, hundredths of a dinar).
    """
    code = amount.currency.code
    minor = amount.amount.scaleb(exponent(code))
    if not minor.is_finite() or minor % _STEPS.get(code, 1):
        raise InexactAmount(f"{plain(amount.amount)} {code} is finer than Stripe carries")
    return int(minor)
