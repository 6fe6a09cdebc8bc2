"""What the owner of a card allows it, and how that is said in Stripe's words. Pure.

Source: Stripe's spending controls; ISO 18245 merchant categories (the list of iso18245 1.4.1).
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from krak.core.minor_units import to_minor
from krak.core.money import floor_to, money

CATEGORIES: Final = Path(__file__).parent / "data" / "mcc.csv"
RESERVED: Final = "Reserved for private use"
CASH_MCCS: Final = ("6010", "6011")
"""Manual and automated cash disbursements: a bank's counter and an ATM."""
BASIS_POINTS: Final = Decimal(10_000)
MOST_MINOR_AT_STRIPE: Final = 99_999_999_999
"""The largest spending limit that Stripe takes; the smallest is 1."""


def key_of_card(card_id: UUID) -> str:
    """Return what the idempotency keys of all our calls about a card begin with."""
    return f"card:{card_id}"


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of merchant; `stripe_category` is empty where Stripe has no name for it."""

    mcc: str
    name: str
    group: str
    stripe_category: str

    @property
    def is_general(self) -> bool:
        """Tell whether it is a kind of merchant and not one airline or hotel chain."""
        return self.group != RESERVED


@cache
def categories() -> dict[str, Category]:
    """Return every merchant category by its code, read once."""
    with CATEGORIES.open(encoding="utf-8", newline="") as file:
        return {
            row["mcc"]: Category(row["mcc"], row["name"], row["group"], row["stripe_category"])
            for row in csv.DictReader(file)
        }


@dataclass(frozen=True, slots=True)
class Controls:
    """What a card may do; amounts in its currency, None is no limit of the owner's own."""

    purchase_limit: Decimal | None = None
    daily_limit: Decimal | None = None
    monthly_limit: Decimal | None = None
    atm_enabled: bool = True
    online_enabled: bool = True
    blocked_countries: tuple[str, ...] = ()
    blocked_mccs: tuple[str, ...] = ()


def raises_a_limit(was: Controls, wanted: Controls) -> bool:
    """Tell whether a change lets a card spend more than it may now."""
    limits = (
        (was.purchase_limit, wanted.purchase_limit),
        (was.daily_limit, wanted.daily_limit),
        (was.monthly_limit, wanted.monthly_limit),
    )
    return any(old is not None and (new is None or new > old) for old, new in limits)


def spending_controls(controls: Controls, *, currency: str) -> dict[str, Any]:
    """Return what Stripe is told. "" empties a list there, as its API wants it.

    What Stripe cannot express (a merchant category that it has no name for, a limit of nothing
    or beyond its largest) binds our own decision alone.
    """
    limits = (
        ("per_authorization", controls.purchase_limit),
        ("daily", controls.daily_limit),
        ("monthly", controls.monthly_limit),
    )
    return {
        "spending_limits": [
            {"interval": interval, "amount": minor}
            for interval, limit in limits
            if limit is not None
            and 0 < (minor := to_minor(money(limit, currency))) <= MOST_MINOR_AT_STRIPE
        ]
        or "",
        "blocked_categories": sorted(_stripe_categories(controls)) or "",
        "blocked_merchant_countries": sorted(controls.blocked_countries) or "",
        "blocked_card_presences": "" if controls.online_enabled else ["not_present"],
    }


def _stripe_categories(controls: Controls) -> Iterable[str]:
    known = categories()
    mccs = {*controls.blocked_mccs, *(() if controls.atm_enabled else CASH_MCCS)}
    return {name for mcc in mccs if mcc in known and (name := known[mcc].stripe_category)}


def reward_of(net: Decimal, *, bps: int, places: int) -> Decimal:
    """Return floor(rate × max(0, net)), of the whole purchase, so that order does not matter.

    Source: the card policy, section 6.
    """
    return floor_to(max(Decimal(0), net) * bps / BASIS_POINTS, places)
