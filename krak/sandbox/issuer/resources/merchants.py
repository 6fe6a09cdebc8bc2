"""The merchant in a test helper's parameters."""

from typing import Any, Final

from krak.sandbox.issuer import forms, shapes

MERCHANT: Final = forms.table(
    {
        "category": forms.one_of(*shapes.CODE_OF_CATEGORY),
        "city": forms.text(),
        "country": forms.country,
        "name": forms.text(),
        "network_id": forms.text(),
        "postal_code": forms.text(),
        "state": forms.text(),
        "terminal_id": forms.text(),
        "url": forms.text(),
    }
)
_ROCKET_RIDES: Final = {
    "category": "taxicabs_limousines",
    "city": "San Francisco",
    "country": "US",
    "name": "Rocket Rides",
    "network_id": "1234567890",
    "postal_code": "94107",
    "state": "CA",
}


def merchant_data(given: dict[str, Any] | None) -> dict[str, Any]:
    """Return the merchant that was given, or the one that Stripe plays purchases with."""
    told = _ROCKET_RIDES if given is None else {"category": "miscellaneous", **given}
    made = shapes.merchant(
        name=told.get("name", ""),
        mcc=shapes.CODE_OF_CATEGORY[told["category"]],
        country=told.get("country", "US"),
        network_id=told.get("network_id", ""),
    )
    return {**made, **told}
