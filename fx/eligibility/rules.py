"""Who may buy what, by class of asset and country. Whoever holds something may always sell it.

Rules are dated: the newest one in force for a class and a country is what holds, and a country
without a rule may buy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from fx.assets.rules import AssetClass

SUITABILITY_LASTS: Final = timedelta(days=365)


class Verdict(StrEnum):
    """What a rule says about buying."""

    ELIGIBLE = "ELIGIBLE"
    PROHIBITED = "PROHIBITED"
    NOT_SERVICEABLE = "NOT_SERVICEABLE"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    NEEDS_SUITABILITY = "NEEDS_SUITABILITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """From `effective_at` on, `verdict` holds for a class of assets in one country."""

    asset_class: AssetClass
    country: str
    verdict: Verdict
    effective_at: datetime
    id: UUID


def verdict_at(
    rules: Iterable[Rule], *, asset_class: AssetClass, country: str, at: datetime
) -> Verdict:
    """Return what holds at `at`; of two rules of one moment the one made later wins."""
    in_force = [
        rule
        for rule in rules
        if (rule.asset_class, rule.country) == (asset_class, country) and rule.effective_at <= at
    ]
    newest = max(in_force, key=lambda rule: (rule.effective_at, rule.id), default=None)
    return Verdict.ELIGIBLE if newest is None else newest.verdict


def may_buy(verdict: Verdict, *, suitable: bool) -> bool:
    """Tell whether somebody under `verdict`, who did or did not prove suitable, may buy."""
    return verdict is Verdict.ELIGIBLE or (verdict is Verdict.NEEDS_SUITABILITY and suitable)


_EEA: Final = (
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO"
)
FIRST_RULES: Final[Mapping[Verdict, str]] = MappingProxyType(
    {
        Verdict.PROHIBITED: "US IR KP SY",
        Verdict.NOT_SERVICEABLE: (
            "AF BY CF CD CU ET HT IQ LB LY ML MZ MM NI NG PH RU SO SS SD VE YE ZW"
        ),
        Verdict.NOT_AVAILABLE: "GB CA AU",
        Verdict.NEEDS_SUITABILITY: _EEA,
    }
)
"""What a fresh installation says of tokenized securities. Source: xstocks.md, Who may hold."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Something about tokenized securities that a customer calls true or false."""

    id: str
    text: str
    true: bool


STATEMENTS: Final = (
    Statement("vote", "Holding one gives me a vote at the company's general meeting.", true=False),
    Statement("loss", "I can lose all the money that I put into one.", true=True),
    Statement(
        "issuer",
        "If its issuer becomes insolvent, I may get back less than it is worth.",
        true=True,
    ),
    Statement("price", "Its price cannot fall below what I paid for it.", true=False),
)


def passes(answers: Mapping[str, bool]) -> bool:
    """Tell whether every statement was judged rightly."""
    return all(answers.get(statement.id) is statement.true for statement in STATEMENTS)
