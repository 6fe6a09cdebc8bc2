"""A stored decision, judged again from nothing but its stored inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from cards.authorizations.rules.decision import AuthorizationRequest, Verdict, decide
from cards.authorizations.rules.facts import AssetPrice, facts_of
from krak.core.money import plain


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that came out otherwise than it was stored."""

    name: str
    stored: str
    replayed: str


def request_of(stored: Mapping[str, Any]) -> AuthorizationRequest:
    """Return the request of a stored decision."""
    values: dict[str, Any] = {
        field.name: Decimal(stored[field.name]) if field.type is Decimal else stored[field.name]
        for field in fields(AuthorizationRequest)
    }
    return AuthorizationRequest(**values)


def replay(*, request: Mapping[str, Any], inputs: Mapping[str, Any]) -> Verdict:
    """Return what the rules of today say to the request on what was read then."""
    asked = request_of(request)
    prices = {code: AssetPrice.from_json(price) for code, price in inputs["prices"].items()}
    facts = facts_of(inputs["snapshot"], prices, livemode=asked.livemode, ours=inputs["livemode"])
    return decide(asked, facts)


def differences(verdict: Verdict, stored: Mapping[str, str]) -> list[Difference]:
    """Return where a verdict and a stored decision (name → figure) part; an empty list agrees."""
    replayed = {
        "reason": str(verdict.decline or ""),
        "approved_amount": plain(verdict.approved),
        "held": plain(verdict.hold),
        "cash_amount": plain(verdict.cash_amount),
        "sales": ", ".join(
            f"{plain(s.units)} {s.code} for {plain(s.proceeds)}" for s in verdict.sales
        ),
    }
    return [
        Difference(name, stored[name], value)
        for name, value in replayed.items()
        if stored[name] != value
    ]
