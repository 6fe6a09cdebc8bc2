"""Who may buy tokens of shares, from when on, and after which check."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from fx.assets.rules import PROPERTIES, AssetClass, Kind
from fx.eligibility import queries
from fx.eligibility.models import EligibilityRule, SuitabilityCheck
from fx.eligibility.rules import STATEMENTS, Rule, Verdict, may_buy, passes, verdict_at
from krak.core import clock
from krak.core.transactions import transaction as unit_of_work
from krak.customers import services as customers
from tests.people import Known, new_customer

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
RIGHT = {each.id: each.true for each in STATEMENTS}


def rule(verdict: Verdict, at: datetime = NOON, number: int = 0, country: str = "DE") -> Rule:
    return Rule(
        asset_class=AssetClass.SECURITY, country=country, verdict=verdict, effective_at=at,
        id=UUID(int=number),
    )  # fmt: skip


def at(rules: list[Rule], moment: datetime, country: str = "DE") -> Verdict:
    return verdict_at(rules, asset_class=AssetClass.SECURITY, country=country, at=moment)


def test_the_newest_rule_in_force_is_what_holds() -> None:
    later = NOON + timedelta(days=1)
    rules = [
        rule(Verdict.PROHIBITED, later),
        rule(Verdict.NEEDS_SUITABILITY),
        rule(Verdict.NOT_AVAILABLE, later, number=1),
    ]

    assert at(rules, NOON - timedelta(microseconds=1)) is Verdict.ELIGIBLE
    assert at(rules, NOON) is Verdict.NEEDS_SUITABILITY
    assert at(rules, later) is Verdict.NOT_AVAILABLE
    assert at(rules, later, country="BR") is Verdict.ELIGIBLE


@pytest.mark.parametrize(
    ("verdict", "suitable", "allowed"),
    [
        (Verdict.ELIGIBLE, False, True),
        (Verdict.NEEDS_SUITABILITY, False, False),
        (Verdict.NEEDS_SUITABILITY, True, True),
        *((v, s, False) for v in list(Verdict)[1:4] for s in (False, True)),
    ],
)
def test_only_a_suitability_check_is_something_to_do_about(
    verdict: Verdict, suitable: bool, allowed: bool
) -> None:
    assert may_buy(verdict, suitable=suitable) is allowed


def test_every_statement_must_be_judged_rightly() -> None:
    assert passes(RIGHT)
    assert not passes({})
    for statement in STATEMENTS:
        assert not passes(RIGHT | {statement.id: not statement.true})


def test_only_tokens_of_shares_are_securities() -> None:
    assert {kind for kind in Kind if PROPERTIES[kind].asset_class is AssetClass.SECURITY} == {
        Kind.TOKENIZED_EQUITY, Kind.TOKENIZED_ETF,
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "verdict"),
    [
        ("US", Verdict.PROHIBITED), ("SY", Verdict.PROHIBITED), ("RU", Verdict.NOT_SERVICEABLE),
        ("PH", Verdict.NOT_SERVICEABLE), ("GB", Verdict.NOT_AVAILABLE),
        ("CA", Verdict.NOT_AVAILABLE), ("DE", Verdict.NEEDS_SUITABILITY),
        ("NO", Verdict.NEEDS_SUITABILITY), ("BR", Verdict.ELIGIBLE), ("CH", Verdict.ELIGIBLE),
    ],
)  # fmt: skip
def test_the_first_rules_are_those_of_the_issuer(country: str, verdict: Verdict) -> None:
    now = clock.now()

    assert queries.verdict(asset_class=AssetClass.SECURITY, country=country, at=now) is verdict
    assert queries.verdict(asset_class=AssetClass.CRYPTO, country=country, at=now) == "ELIGIBLE"


@pytest.mark.django_db
def test_there_is_one_first_rule_for_each_country_named() -> None:
    assert EligibilityRule.objects.count() == 4 + 23 + 3 + 30
    assert EligibilityRule.objects.values("country").distinct().count() == 60


def _buys(known: Known) -> tuple[int, str]:
    response = known.send("/v1/quotes", {"sell": "USD", "buy": "AAPLx", "sell_amount": "10"})
    return response.status_code, response.json().get("code", "")


@pytest.mark.django_db
def test_in_the_eea_a_passed_check_opens_the_door_for_a_year(pinned: Any) -> None:
    pinned()
    known = new_customer(cash="100", country="DE")

    assert _buys(known) == (422, "eligibility.suitability_needed")
    shown = known.get("/v1/suitability").json()
    assert shown["newest"] is None
    assert [each["id"] for each in shown["statements"]] == list(RIGHT)
    failed = known.send("/v1/suitability", {"answers": RIGHT | {"loss": False}})
    assert (failed.status_code, failed.json()["passed"]) == (201, False)
    assert _buys(known) == (422, "eligibility.suitability_needed")
    assert known.send("/v1/suitability", {"answers": RIGHT}).json()["passed"] is True
    assert known.get("/v1/suitability").json()["newest"]["passed"] is True
    assert _buys(known) == (201, "")

    check = SuitabilityCheck.objects.latest("checked_at")

    def suits(moment: datetime) -> bool:
        return queries.is_suitable(
            customer=known.customer, asset_class=AssetClass.SECURITY, now=moment
        )

    assert suits(check.valid_until - timedelta(microseconds=1))
    assert not suits(check.valid_until)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "answers",
    [{}, RIGHT | {"vote": "perhaps"}, RIGHT | {"more": True}, {**RIGHT, "loss": None}],
)
def test_every_statement_wants_a_plain_answer(pinned: Any, answers: dict[str, Any]) -> None:
    pinned()
    known = new_customer(country="DE")

    assert known.send("/v1/suitability", {"answers": answers}).status_code == 400
    assert not SuitabilityCheck.objects.exists()


@pytest.mark.django_db
def test_who_moves_away_keeps_and_may_sell_what_they_hold(pinned: Any) -> None:
    pinned()
    known = new_customer(cash="100", holdings={"AAPLx": "3"}, country="BR")
    assert _buys(known) == (201, "")

    with unit_of_work():
        customers.move(customer_id=known.customer.id, country="GB", reason="new passport")

    assert _buys(known) == (422, "eligibility.not_eligible")
    sale = known.send("/v1/quotes", {"sell": "AAPLx", "buy": "USD", "sell_amount": "1"})
    assert sale.status_code == 201
    assert known.send(f"/v1/quotes/{sale.json()['id']}/accept").status_code == 201


@pytest.mark.django_db
def test_staff_close_and_open_a_country_with_a_newer_rule(pinned: Any) -> None:
    pinned()
    known = new_customer(cash="100", country="BR")

    def add(verdict: Verdict) -> None:
        EligibilityRule.objects.create(
            asset_class="SECURITY", country="BR", verdict=verdict.value,
            effective_at=clock.now(), reason="the regulator said so",
        )  # fmt: skip

    add(Verdict.NOT_AVAILABLE)
    assert _buys(known) == (422, "eligibility.not_eligible")
    add(Verdict.ELIGIBLE)
    assert _buys(known) == (201, "")


@pytest.mark.django_db
@pytest.mark.parametrize("table", [EligibilityRule, SuitabilityCheck])
def test_rules_and_checks_are_only_added_to(table: Any) -> None:
    for change in (lambda: table.objects.update(asset_class="CASH"), table.objects.all().delete):
        with pytest.raises(DatabaseError, match="history is kept"), transaction.atomic():
            change()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"country": "de"}, "two_letters"),
        ({"verdict": "PERHAPS"}, "a_verdict_is_one_we_know"),
        ({"asset_class": "ART"}, "an_asset_class_is_one_we_know"),
    ],
)
def test_a_rule_that_nobody_understands_is_refused(changed: dict[str, str], name: str) -> None:
    row = {
        "asset_class": "SECURITY", "country": "DE", "verdict": "PROHIBITED", "reason": "x",
        "effective_at": NOON,
    }  # fmt: skip
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        EligibilityRule.objects.create(**row | changed)
