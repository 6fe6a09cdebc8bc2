"""Proofs of reserves: all that is owed, what stands against it, and each customer's own part."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from fx.assets import services as assets
from fx.assets.models import Asset, Multiplier
from holdings.reserves import queries, rules, tasks
from holdings.reserves.custodians import Stated
from holdings.reserves.models import Chunk, CustodyStatement, Proof, Tree
from holdings.reserves.services import backing, custody, proofs
from krak.cases.models import Case
from krak.core import clock
from krak.core.ids import show
from krak.core.transactions import transaction as unit_of_work
from tests.people import Known, new_customer
from tests.reserves.test_tree import verifier
from tests.staff import browser, staff
from tests.transfers.test_links import create

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(pinned: Any) -> list[Known]:
    pinned()
    return [
        new_customer(cash="100", holdings={"BTC": "0.5"}),
        new_customer(cash="0.01", holdings={"BTC": "0.25", "AAPLx": "3"}),
        new_customer(),
    ]


def prove() -> Proof:
    now = clock.now()
    custody.ask_custodians(now=now)
    return proofs.prove(now=now)


def test_what_is_owed_is_the_sum_of_all_accounts_and_everybody_finds_themselves(
    people: list[Known],
) -> None:
    prove()

    body = people[0].get("/v1/reserves?page_size=200").json()
    found = {each["asset"]: each for each in body["results"]}
    assert [code for code in found if code in {"AAPLx", "BTC", "USD"}] == ["AAPLx", "BTC", "USD"]
    assert found["BTC"]["owed"] == {"amount": "0.75", "currency": "BTC"}
    assert found["USD"]["owed"] == {"amount": "100.01", "currency": "USD"}
    assert found["BTC"]["in_custody"] == found["BTC"]["owed"]
    assert found["BTC"]["covered"] is True
    for known, code, units in (
        (people[0], "BTC", "0.5"), (people[1], "BTC", "0.25"), (people[1], "AAPLx", "3"),
        (people[1], "USD", "0.01"),
    ):  # fmt: skip
        proof = known.get(f"/v1/reserves/proof?asset={code}").json()
        assert proof["units"] == units
        assert proof["customer"] == show("cus", known.customer.id)
        root = found[code]["merkle_root"]["hash"]
        assert verifier.verify(proof, root) == int(Decimal(units) * 10**10)


def test_what_was_sent_and_is_not_taken_yet_is_its_senders(people: list[Known]) -> None:
    assert create(people[0], "100").status_code == 201
    assert create(people[1], "0.01", "BTC").status_code == 201

    prove()

    found = {
        each["asset"]: each
        for each in people[0].get("/v1/reserves?page_size=200").json()["results"]
    }
    assert (found["USD"]["owed"]["amount"], found["USD"]["in_transit"]["amount"]) == (
        "100.01",
        "100.00",
    )
    assert (found["BTC"]["owed"]["amount"], found["BTC"]["in_transit"]["amount"]) == (
        "0.75",
        "0.01",
    )
    assert [found[code]["covered"] for code in ("USD", "BTC")] == [True, True]
    for known, code, units in ((people[0], "USD", "100"), (people[1], "BTC", "0.25")):
        proof = known.get(f"/v1/reserves/proof?asset={code}").json()
        assert proof["units"] == units
        assert verifier.verify(proof, found[code]["merkle_root"]["hash"]) == int(
            Decimal(units) * 10**10
        )


def test_who_had_none_of_it_was_not_counted(people: list[Known]) -> None:
    missing = people[0].get("/v1/reserves/proof?asset=BTC")
    assert (missing.status_code, missing.json()["code"]) == (404, "reserves.none_yet")
    assert people[0].get("/v1/reserves").json()["code"] == "reserves.none_yet"

    prove()

    for known, code in ((people[2], "BTC"), (people[0], "AAPLx"), (people[0], "SOL")):
        answer = known.get(f"/v1/reserves/proof?asset={code}")
        assert (answer.status_code, answer.json()["code"]) == (404, "reserves.not_counted")


def test_nobody_is_told_anothers_nonce(people: list[Known]) -> None:
    prove()

    nonces = {known.get("/v1/reserves/proof?asset=BTC").json()["nonce"] for known in people[:2]}
    first = people[0].get("/v1/reserves/proof?asset=BTC").content.decode()
    assert len(nonces) == 2
    assert show("cus", people[1].customer.id) not in first
    assert bytes(Proof.objects.get().secret).hex() not in first


def test_a_large_tree_is_the_same_in_chunks(
    people: list[Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    more = [new_customer(holdings={"BTC": f"0.0{n}"}) for n in range(1, 10)]
    monkeypatch.setattr(rules, "CHUNK_LEAVES", 4)

    prove()

    assert Chunk.objects.filter(tree__asset="BTC").count() > 3
    for number, known in enumerate(more, start=1):
        proof = known.get("/v1/reserves/proof?asset=BTC").json()
        assert verifier.verify(proof) == number * 10**8


def test_of_a_share_what_is_shown_is_multiplied_and_what_is_proved_is_not(pinned: Any) -> None:
    pinned()
    known = new_customer(holdings={"AAPLx": "3"})
    now = clock.now()
    assets.load_catalogue(now=now)
    Multiplier.objects.create(
        asset=Asset.objects.get(code="AAPLx"), multiplier=4, created_at=now - timedelta(hours=1),
        activates_at=now - timedelta(minutes=20),
    )  # fmt: skip

    prove()

    [share] = [
        each
        for each in known.get("/v1/reserves?page_size=200").json()["results"]
        if each["asset"] == "AAPLx"
    ]
    assert (share["owed"]["amount"], share["multiplier"], share["merkle_root"]["sum"]) == (
        "12",
        "4",
        "3",
    )
    proof = known.get("/v1/reserves/proof?asset=AAPLx").json()
    assert (proof["units"], proof["multiplier"]) == ("3", "4")


def test_what_is_overdrawn_takes_nothing_from_what_others_are_owed(people: list[Known]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_ledgeraccount WHERE posted > 0")
        row = cursor.fetchone()

    trees = queries.trees_of(prove())

    assert row is not None
    assert sum(tree.leaves for tree in trees) >= row[0]
    assert all(tree.owed > 0 for tree in trees)


def test_a_custodian_with_less_than_is_owed_is_a_case(people: list[Known], settings: Any) -> None:
    settings.CUSTODIAN = "none"
    by = staff("reserves.add_custodystatement")
    now = clock.now()

    def states(custodian: str, units: str) -> None:
        with unit_of_work():
            custody.state(
                custodian=custodian, asset="BTC", units=Decimal(units), reference="", by=by, now=now
            )

    states("a bank", "0.7")
    states("another", "0.0499999999")

    proof = prove()

    assert queries.covered(queries.trees_of(proof).get(asset="BTC")) is False
    assert queries.covered(queries.trees_of(proof).get(asset="USD")) is None
    case = Case.objects.get(kind="RESERVES_SHORT")
    assert case.details["in_custody"] == "0.7499999999"
    states("another", "0.05")
    assert queries.covered(queries.trees_of(prove()).get(asset="BTC")) is True


def test_a_custodian_says_it_again_changes_its_mind_and_forgets_one() -> None:
    now = clock.now()
    later = now + timedelta(minutes=10)
    said = [Stated("BTC", Decimal(2)), Stated("SOL", Decimal(9))]

    assert custody.keep_statements("bank", said, now=now) == 2
    assert custody.keep_statements("bank", said, now=later) == 0
    assert {row.confirmed_at for row in CustodyStatement.objects.all()} == {later}
    assert custody.keep_statements("bank", [Stated("BTC", Decimal(3))], now=later) == 2

    held = queries.held()
    assert (held["BTC"].units, held["SOL"].units) == (3, 0)
    with pytest.raises(custody.NothingStated):
        custody.keep_statements("bank", [Stated("BTC", Decimal(-1))], now=later)


def test_only_the_newest_proofs_keep_their_leaves(people: list[Known]) -> None:
    proved = [prove() for _ in range(proofs.KEPT + 1)]

    assert not Chunk.objects.filter(tree__proof=proved[0]).exists()
    assert all(Chunk.objects.filter(tree__proof=each).exists() for each in proved[1:])
    assert Tree.objects.filter(proof=proved[0]).exists()


def test_the_clock_proves_once_in_six_hours(people: list[Known]) -> None:
    for _ in range(3):
        tasks.prove()

    assert Proof.objects.count() == 1
    assert CustodyStatement.objects.filter(custodian="paper", asset="BTC").exists()


def test_whoever_does_not_want_to_wait_proves_now(
    people: list[Known], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("prove_reserves")

    assert (
        "BTC              owed 0.75, of it on its way 0, in custody 0.75" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reserves_tree SET owed = owed - 1",
        "DELETE FROM reserves_proof",
        "TRUNCATE reserves_tree CASCADE",
        "UPDATE reserves_custodystatement SET units = units + 1",
        "UPDATE reserves_custodystatement SET confirmed_at = confirmed_at - interval '1 day'",
        "DELETE FROM reserves_custodystatement",
        "UPDATE reserves_attestation SET shares = shares + 1",
        "UPDATE reserves_attestation SET confirmed_at = confirmed_at - interval '1 day'",
        "DELETE FROM reserves_attestation",
        "TRUNCATE reserves_attestation",
    ],
)
def test_what_was_published_stays(people: list[Known], statement: str) -> None:
    prove()
    backing.ask_attesters(now=clock.now())

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_finance_enters_what_a_custodian_says_and_reads_the_proof(people: list[Known]) -> None:
    proof = prove()
    finance = browser(
        staff("reserves.add_custodystatement", "reserves.view_custodystatement",
              "reserves.view_proof")
    )  # fmt: skip

    sent = finance.post(
        "/admin/reserves/custodystatement/add/",
        {"custodian": "Bank of Zug", "asset": "BTC", "units": "1.5", "reference": "letter 7"},
    )

    assert sent.status_code == 302, sent.content
    assert queries.held()["BTC"].units == Decimal("2.25")
    for wrong in ({"asset": "btc"}, {"units": "-1"}):
        refused = finance.post(
            "/admin/reserves/custodystatement/add/",
            {"custodian": "Bank of Zug", "asset": "BTC", "units": "1", "reference": ""} | wrong,
        )
        assert refused.status_code == 200
    assert queries.held()["BTC"].units == Decimal("2.25")
    page = finance.get(f"/admin/reserves/proof/{proof.pk}/change/").content.decode()
    assert "COVERED" in page
    assert finance.get("/admin/reserves/custodystatement/").status_code == 200
    assert finance.get("/admin/reserves/proof/").status_code == 200
