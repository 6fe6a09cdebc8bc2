"""Merchants, and Stripe's names for the networks' category codes."""

import csv
from pathlib import Path
from typing import Any, Final

# The list is Krak's; its code is not, so that the two sides do not share their mistakes.
_FILE: Final = Path(__file__).parents[4] / "cards" / "issuing" / "data" / "mcc.csv"

with _FILE.open(encoding="utf-8", newline="") as _rows:
    CODE_OF_CATEGORY: Final = {
        row["stripe_category"]: row["mcc"]
        for row in csv.DictReader(_rows)
        if row["stripe_category"]
    }
_CATEGORY_OF_CODE: Final = {code: category for category, code in CODE_OF_CATEGORY.items()}


def merchant(*, name: str, mcc: str, country: str, network_id: str = "") -> dict[str, Any]:
    """Return `merchant_data`; a code that Stripe has no name for is `miscellaneous`."""
    return {
        "category": _CATEGORY_OF_CODE.get(mcc, "miscellaneous"),
        "category_code": mcc,
        "city": None,
        "country": country,
        "name": name,
        "network_id": network_id or f"nid{mcc}{country}",
        "postal_code": None,
        "state": None,
        "tax_id": None,
        "terminal_id": None,
        "url": None,
    }
