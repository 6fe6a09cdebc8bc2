"""Spending controls: read, and judged as Stripe judges them before it asks us.

Source: https://docs.stripe.com/issuing/controls/spending-controls
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.store import Document

_CATEGORY: Final = forms.one_of(*shapes.CODE_OF_CATEGORY)
_PRESENCE: Final = forms.one_of("present", "not_present")
_LIMIT: Final = forms.table(
    {
        "amount": forms.integer(1),
        "categories": forms.clearable(forms.listed(_CATEGORY)),
        "interval": forms.one_of(
            "per_authorization", "daily", "weekly", "monthly", "yearly", "all_time"
        ),
    },
    "amount",
    "interval",
)
CONTROLS: Final = forms.table(
    {
        "allowed_card_presences": forms.clearable(forms.listed(_PRESENCE)),
        "allowed_categories": forms.clearable(forms.listed(_CATEGORY)),
        "allowed_merchant_countries": forms.clearable(forms.listed(forms.country)),
        "blocked_card_presences": forms.clearable(forms.listed(_PRESENCE)),
        "blocked_categories": forms.clearable(forms.listed(_CATEGORY)),
        "blocked_merchant_countries": forms.clearable(forms.listed(forms.country)),
        "spending_limits": forms.clearable(forms.listed(_LIMIT)),
        "spending_limits_currency": forms.currency,
    }
)


def apply(holder: Document, given: dict[str, Any], *, currency: str | None) -> None:
    """Set the controls that are given, and leave the others."""
    controls = {**holder["spending_controls"], **given}
    if "spending_limits" in given:
        controls["spending_limits"] = [
            {**limit, "categories": limit.get("categories") or []}
            for limit in given["spending_limits"] or []
        ]
        if controls["spending_limits"]:
            controls["spending_limits_currency"] = controls["spending_limits_currency"] or currency
    holder["spending_controls"] = controls


def forbid(
    issuer: Issuer, authorization: Document, *, card: Document, cardholder: Document, amount: int
) -> bool:
    """Tell whether the controls of the card or of its holder forbid spending `amount` more."""
    return any(
        _blocked(holder["spending_controls"], authorization)
        or any(
            _beyond(issuer, limit, authorization, {field: holder["id"]}, amount)
            for limit in holder["spending_controls"]["spending_limits"]
        )
        for holder, field in ((card, "card"), (cardholder, "cardholder"))
    )


def _blocked(controls: dict[str, Any], authorization: Document) -> bool:
    merchant = authorization["merchant_data"]
    facts = (
        ("categories", merchant["category"]),
        ("merchant_countries", merchant["country"]),
        ("card_presences", authorization["card_presence"]),
    )
    for name, fact in facts:
        allowed, blocked = controls[f"allowed_{name}"], controls[f"blocked_{name}"]
        if (allowed and fact not in allowed) or (blocked and fact in blocked):
            return True
    return False


def _beyond(
    issuer: Issuer,
    limit: dict[str, Any],
    authorization: Document,
    whose: dict[str, str],
    amount: int,
) -> bool:
    categories: Iterable[str] = limit["categories"]
    if categories and authorization["merchant_data"]["category"] not in categories:
        return False
    if limit["interval"] == "per_authorization":
        return bool(authorization["amount"] + amount > limit["amount"])
    since = _begin(limit["interval"], issuer.now())
    others = issuer.store.select("issuing.authorization", whose, created={"gte": since})
    spent = amount
    for other in others:
        if not categories or other["merchant_data"]["category"] in categories:
            spent += _spent(other)
    return bool(spent > limit["amount"])


def _spent(authorization: Document) -> int:
    if not authorization["approved"]:
        return 0
    if authorization["status"] in {"reversed", "expired"}:
        return int(authorization["_captured"])
    return int(max(authorization["amount"], authorization["_captured"]))


def _begin(interval: str, now: int) -> int:
    """Return when the interval that `now` is in began; days begin at midnight UTC."""
    day = datetime.fromtimestamp(now, tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = {
        "daily": day,
        "weekly": day - timedelta(days=(day.weekday() + 1) % 7),
        "monthly": day.replace(day=1),
        "yearly": day.replace(month=1, day=1),
        "all_time": datetime.fromtimestamp(0, tz=UTC),
    }[interval]
    return int(begin.timestamp())
