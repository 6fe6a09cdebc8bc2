"""Wherever an amount may be of shares, its multiplier is beside it: asked of the schema itself."""

import json
from typing import Any

import pytest

from tests.api.schema import schema

MONEY: dict[str, set[str]] = {
    "Alert": {"price"},
    "Allowed": {"per_day", "per_month"},
    "Authorization": {"amount", "captured", "cashback_pending"},
    "CardControls": {"purchase_limit", "daily_limit", "monthly_limit"},
    "CashbackPage": {"pending", "totals"},
    "Decision": {"asked", "approved", "held"},
    "Dispute": {"amount", "credited"},
    "ExplainedAuthorization": {"amount", "captured", "cashback_pending"},
    "Fees": {"minimum_fee", "minimum", "maximum", "daily_maximum"},
    "Preview": {"coverage", "amount", "held", "cashback_pending"},
    "PrimaryMarket": {"minimum"},
    "Receipt": {"approved", "captured", "refunded", "from_cash"},
    "ReceiptCleared": {"presentment", "settlement"},
    "TopUp": {"amount"},
}
"""Amounts of the currency of a card, a fee or a limit: never of shares."""
INSIDE = {"Change": "Portfolio", "Day": "History", "Hidden": "Portfolio", "Share": "Split"}
"""What is only ever a part of an object that has the multiplier of its amounts."""


def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = schema()["components"]["schemas"]
    return found


def _amounts(described: dict[str, Any]) -> set[str]:
    return {
        name
        for name, its in described.get("properties", {}).items()
        if '"#/components/schemas/Amount"' in json.dumps(its)
    }


def _has_multiplier(described: dict[str, Any]) -> bool:
    """Tell whether it says it once, or in the legs of a conversion."""
    return bool({"multiplier", "legs"} & described["properties"].keys())


WITH_AMOUNTS = sorted(name for name, its in _schemas().items() if _amounts(its))
WITH_MULTIPLIERS = sorted(
    name for name, its in _schemas().items() if "multiplier" in its.get("properties", {})
)


@pytest.mark.parametrize("name", WITH_AMOUNTS)
def test_an_amount_that_may_be_of_shares_has_its_multiplier_beside_it(name: str) -> None:
    described = _schemas()[INSIDE.get(name, name)]
    assert _has_multiplier(described) or MONEY.get(name) == _amounts(described)


@pytest.mark.parametrize("name", WITH_MULTIPLIERS)
def test_a_multiplier_is_a_text_or_null_and_says_what_it_is(name: str) -> None:
    described = _schemas()[name]["properties"]["multiplier"]
    assert "string" in described["type"]
    assert described["description"]


@pytest.mark.parametrize("name", INSIDE)
def test_a_part_is_nowhere_but_in_its_object(name: str) -> None:
    where = {
        other
        for other, its in _schemas().items()
        if f'"#/components/schemas/{name}"' in json.dumps(its)
    }
    assert where <= {INSIDE[name], "Holding"}
