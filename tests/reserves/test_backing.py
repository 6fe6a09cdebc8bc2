"""Attestations: how many shares stand behind a token, and how long ago somebody said so."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fx.assets import services as assets
from fx.assets.models import Asset, Multiplier
from holdings.reserves import queries, tasks
from holdings.reserves.attesters import Attested
from holdings.reserves.models import Attestation
from holdings.reserves.services import backing, custody, proofs
from krak.cases.models import Case
from krak.core import clock
from tests.people import new_customer
from tests.staff import browser, staff

pytestmark = pytest.mark.django_db


def attested(shares: str, tokens: str, asset: str = "AAPLx", *, by: str = "auditor") -> int:
    said = [Attested(asset, Decimal(shares), Decimal(tokens), "https://example.org/a")]
    return backing.keep_attestations(by, said, now=clock.now())


def test_a_reserve_says_what_stands_behind_it_and_how_old_that_is(pinned: Any) -> None:
    pinned()
    known = new_customer(holdings={"AAPLx": "3", "BTC": "1"})
    now = clock.now()
    custody.ask_custodians(now=now)
    proofs.prove(now=now)
    attested("48210", "48207.5")

    found = {each["asset"]: each for each in known.get("/v1/reserves").json()["results"]}

    said = found["AAPLx"]["backing"]
    at = said.pop("attested_at")
    assert said == {
        "shares": "48210", "tokens": "48207.5", "backed": True, "attester": "auditor",
        "reference": "https://example.org/a",
    }  # fmt: skip
    assert at >= now.isoformat()[:19]
    assert found["BTC"]["backing"] is None


def test_fewer_shares_than_tokens_are_a_case_once_for_each_figure() -> None:
    assert attested("100", "100") == 1
    assert not Case.objects.filter(kind="BACKING_SHORT").exists()

    assert attested("99", "100") == 1
    assert attested("99", "100") == 0

    case = Case.objects.get(kind="BACKING_SHORT")
    assert (case.details["shares"], case.details["tokens"]) == ("99", "100")
    assert queries.backing()["AAPLx"].is_backed is False
    assert attested("101", "100") == 1
    assert queries.backing()["AAPLx"].is_backed is True


def test_what_is_attested_again_is_confirmed_and_the_newest_word_counts() -> None:
    now = clock.now()
    said = [Attested("AAPLx", Decimal(5), Decimal(5))]
    backing.keep_attestations("auditor", said, now=now)
    backing.keep_attestations("oracle", [Attested("AAPLx", Decimal(6), Decimal(6))], now=now)
    later = now + timedelta(minutes=10)

    assert backing.keep_attestations("auditor", said, now=later) == 0

    assert Attestation.objects.count() == 2
    assert (queries.backing()["AAPLx"].attester, queries.backing()["AAPLx"].confirmed_at) == (
        "auditor",
        later,
    )


@pytest.mark.parametrize(
    ("shares", "tokens", "asset"), [("-1", "1", "AAPLx"), ("1", "-1", "AAPLx"), ("1", "1", "BTC")]
)
def test_what_cannot_be_attested_is_refused(shares: str, tokens: str, asset: str) -> None:
    with pytest.raises(backing.NothingAttested):
        attested(shares, tokens, asset)
    assert not Attestation.objects.exists()


def test_on_paper_every_token_in_custody_has_its_share_once_in_ten_minutes(pinned: Any) -> None:
    pinned()
    new_customer(holdings={"AAPLx": "3", "BTC": "1"})
    now = clock.now()
    assets.load_catalogue(now=now)
    Multiplier.objects.create(
        asset=Asset.objects.get(code="AAPLx"), multiplier=4, created_at=now - timedelta(hours=1),
        activates_at=now - timedelta(minutes=20),
    )  # fmt: skip

    for _ in range(2):
        tasks.prove()

    [apple] = Attestation.objects.filter(asset="AAPLx")
    assert apple.attester == "paper"
    assert apple.shares == apple.tokens == queries.held()["AAPLx"].units * 4 > 0
    assert not Attestation.objects.filter(asset="BTC").exists()


def test_finance_enters_what_an_auditor_attests() -> None:
    finance = browser(staff("reserves.add_attestation", "reserves.view_attestation"))
    good = {"attester": "auditor", "asset": "AAPLx", "shares": "9", "tokens": "10", "reference": ""}

    for wrong in ({"asset": "BTC"}, {"asset": "aaplx"}, {"shares": "-1"}, {"tokens": "-1"}):
        refused = finance.post("/admin/reserves/attestation/add/", good | wrong)
        assert refused.status_code == 200
    assert not Attestation.objects.exists()
    sent = finance.post("/admin/reserves/attestation/add/", good)

    assert sent.status_code == 302, sent.content
    entered = Attestation.objects.get()
    assert (entered.shares, entered.tokens, entered.is_backed) == (9, 10, False)
    assert entered.stated_by is not None
    assert "9 : 10" in finance.get("/admin/reserves/attestation/").content.decode()
