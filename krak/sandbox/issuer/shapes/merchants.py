"""Merchants, and Stripe's names for the networks' category codes."""

import csv
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parents[1] / "data" / "merchant_categories.csv"

with _FILE.open(newline="") as _rows:
    CODE_OF_CATEGORY: Final = {row["category"]: row["code"] for row in csv.DictReader(_rows)}
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
