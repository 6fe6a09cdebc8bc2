"""Merchants, and Stripe's names for the networks' category codes."""

from typing import Any, Final

from cards.issuing.rules import categories

CODE_OF_CATEGORY: Final = {
    each.stripe_category: each.mcc for each in categories().values() if each.stripe_category
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
