"""What people may be called, where we serve them, and how much a level allows. Pure.

Source of the look-alikes: Unicode Technical Standard 39, `confusables.txt`, as far as ASCII goes.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

TAG: Final = re.compile(r"[a-z][a-z0-9_]{2,19}", re.ASCII)
_LOOKS_LIKE: Final = str.maketrans(
    {"0": "o", "1": "l", "i": "l", "5": "s", "2": "z", "8": "b", "9": "g",
     "m": "rn", "w": "vv", "d": "cl", "_": None}
)  # fmt: skip
_OURS: Final = "krak"
_RESERVED: Final = (
    "about", "abuse", "account", "admin", "administrator", "api", "bank", "billing", "card",
    "cards", "cash", "cashback", "compliance", "contact", "customer", "customerservice",
    "deposit", "dispute", "everyone", "finance", "fraud", "help", "helpdesk", "home", "info",
    "legal", "mastercard", "me", "moderator", "news", "nobody", "null", "official", "pay",
    "payment", "payments", "police", "privacy", "refund", "root", "sandbox", "security",
    "service", "settings", "staff", "stripe", "support", "system", "team", "terms", "test",
    "treasury", "trust", "undefined", "user", "verify", "visa", "wallet", "withdraw", "www",
)  # fmt: skip

TAG_CHANGES_A_YEAR: Final = 2
TAG_RESERVED_DAYS: Final = 90


def canonical_tag(text: str) -> str | None:
    """Return the one form that a tag is kept and found in, or None when it is no tag.

    Only plain ASCII is left to begin with, so letters of other scripts that look like it, invisible
    ones and ones that turn the direction of writing are all refused.
    """
    if len(text) > 100:  # noqa: PLR2004 - normalising is not free; no tag is near that long
        return None
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if TAG.fullmatch(folded) else None


def skeleton(tag: str) -> str:
    """Return what a canonical tag looks like: two tags of one skeleton are easily mistaken."""
    return tag.translate(_LOOKS_LIKE)


def is_reserved(tag: str) -> bool:
    """Tell whether a tag would let somebody pass for us or for an authority."""
    looks = skeleton(tag)
    return _OURS in looks or looks in _RESERVED_LOOKS


_RESERVED_LOOKS: Final = frozenset(skeleton(name) for name in _RESERVED)


# --- Countries -----------------------------------------------------------------------------------

SANCTIONED: Final = frozenset({"CU", "IR", "KP", "RU", "SY", "BY"})
"""Where the programme may serve nobody. Source: comprehensive sanctions of OFAC, EU and UK."""
_EURO: Final = (
    "AD", "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT",
    "LU", "LV", "MC", "ME", "MT", "NL", "PT", "SI", "SK", "SM", "VA", "XK",
)  # fmt: skip
_CURRENCY_OF: Final = {
    **dict.fromkeys(_EURO, "EUR"),
    "AE": "AED", "AR": "ARS", "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CL": "CLP",
    "CO": "COP", "CZ": "CZK", "DK": "DKK", "GB": "GBP", "GG": "GBP", "HK": "HKD", "HU": "HUF",
    "ID": "IDR", "IL": "ILS", "IM": "GBP", "IN": "INR", "IS": "ISK", "JE": "GBP", "JP": "JPY",
    "KR": "KRW", "LI": "CHF", "MX": "MXN", "MY": "MYR", "NO": "NOK", "NZ": "NZD", "PE": "PEN",
    "PH": "PHP", "PL": "PLN", "RO": "RON", "SE": "SEK", "SG": "SGD", "TH": "THB", "TR": "TRY",
    "ZA": "ZAR",
}  # fmt: skip


def home_currency(country: str) -> str:
    """Return in what currency people of a country reckon; dollars where we do not know better."""
    return _CURRENCY_OF.get(country, "USD")


# --- How much ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of an act a customer's level allows, in `currency`; None is no limit."""

    act: str
    level: int
    currency: str
    per_day: Decimal | None
    per_month: Decimal | None

    def passed(self, *, day: Decimal, month: Decimal) -> str | None:
        """Return which limit these sums, the new amount included, would pass: day, month, None."""
        if self.per_day is not None and day > self.per_day:
            return "day"
        if self.per_month is not None and month > self.per_month:
            return "month"
        return None
