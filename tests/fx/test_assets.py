"""The catalogue: codes, kinds, multipliers in time, and what the database refuses."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import moneyed
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction
from hypothesis import given
from hypothesis import strategies as st

from fx.assets import catalogue, queries, services
from fx.assets.models import Asset, Multiplier
from fx.assets.rules import (
    LEAD_TIME,
    PROPERTIES,
    CatalogueRow,
    Kind,
    MultiplierRow,
    Status,
    changes,
    multiplier_at,
    shipped,
)
from krak.core.ids import uuid7
from krak.core.money import UnknownCurrency, currency
from krak.core.transactions import transaction

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


def row(multiplier, activates_at, created_at=NOON, number=0):
    return MultiplierRow(
        multiplier=Decimal(multiplier),
        activates_at=activates_at,
        created_at=created_at,
        id=UUID(int=number),
    )


# --- The shipped catalogue ------------------------------------------------------------------------
def test_the_shipped_catalogue_has_918_assets_with_codes_of_their_own():
    rows = shipped()

    assert len(rows) == 918
    assert len({row.code for row in rows}) == 918


def test_codes_that_differ_by_case_are_two_assets():
    assert queries.facts("GMX").kind is Kind.CRYPTO
    assert queries.facts("GMx").kind is Kind.TOKENIZED_EQUITY
    assert queries.facts("MNT").kind is Kind.FIAT
    assert queries.facts("MANTLE").kind is Kind.CRYPTO


@pytest.mark.parametrize(
    ("code", "decimals"),
    [("USD", 2), ("JPY", 0), ("KWD", 3), ("BTC", 10), ("USDC", 8), ("AAPLx", 8), ("XCG", 2),
     ("ZWG", 2), ("MGA", 2), ("RSD", 2)],
)  # fmt: skip
def test_money_has_the_decimals_of_the_catalogue(code, decimals):
    assert currency(code).sub_unit == 10**decimals
    assert queries.facts(code).decimals == decimals


@pytest.mark.parametrize("code", ["BGN", "HRK", "SLL", "XAD", "usd", "Gmx"])
def test_what_is_no_money_any_more_or_never_was_is_unknown(code):
    with pytest.raises(UnknownCurrency):
        currency(code)


def test_every_asset_of_the_catalogue_is_money_to_py_moneyed():
    assert set(moneyed.CURRENCIES) >= {row.code for row in shipped()}
    assert set(catalogue.known()) >= {row.code for row in shipped()}


def test_a_share_lists_its_chains_and_a_coin_its_standard():
    rows = {row.code: row for row in shipped()}

    assert rows["GMx"].chains == ("XLayer", "Ethereum", "Ink", "BSC")
    assert rows["PAXG"].chains == ("Ethereum ERC-20",)
    assert rows["USD"].chains == ()


# --- Kinds ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "rank"),
    [("EUR", 1), ("USDC", 2), ("BTC", 3), ("PAXG", 3), ("AAPLx", 4), ("SPYx", 4)],
)
def test_spend_ranks_are_the_policys(code, rank):
    assert queries.facts(code).properties.spend_rank == rank


def test_only_shares_and_funds_have_multipliers():
    assert {kind for kind in Kind if PROPERTIES[kind].has_multiplier} == {
        Kind.TOKENIZED_EQUITY,
        Kind.TOKENIZED_ETF,
    }


# --- Multipliers in time --------------------------------------------------------------------------
def test_before_any_multiplier_it_is_one():
    assert multiplier_at([], NOON) == 1
    assert multiplier_at([row("2", NOON)], NOON - HOUR) == 1


def test_the_latest_activation_is_in_force_from_its_very_moment():
    rows = [row("2", NOON), row("3", NOON + HOUR)]

    assert multiplier_at(rows, NOON) == 2
    assert multiplier_at(rows, NOON + HOUR - timedelta(microseconds=1)) == 2
    assert multiplier_at(rows, NOON + HOUR) == 3


def test_a_row_created_later_for_the_same_moment_overrides():
    rows = [row("2", NOON + HOUR, NOON), row("5", NOON + HOUR, NOON + timedelta(minutes=1))]

    assert multiplier_at(rows, NOON + HOUR) == 5


def test_a_row_created_later_for_an_earlier_moment_does_not_outlast_a_later_moment():
    rows = [row("3", NOON + HOUR, NOON), row("2", NOON, NOON + timedelta(minutes=1))]

    assert multiplier_at(rows, NOON + 2 * HOUR) == 3


def test_rows_created_at_once_are_ordered_by_their_id():
    rows = [row("2", NOON, number=2), row("1", NOON, number=1)]

    assert multiplier_at(rows, NOON) == 2


def test_an_overridden_change_is_no_change():
    rows = [
        row("2", NOON),
        row("4", NOON + HOUR, NOON),
        row("2", NOON + HOUR, NOON + timedelta(minutes=1)),
    ]

    assert changes(rows) == [NOON]
    assert changes([row("1", NOON)]) == []


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5), st.integers(0, 5)), max_size=8),
    st.integers(-1, 6),
    st.randoms(),
)
def test_the_order_in_which_rows_are_read_does_not_matter(numbers, at, random):
    rows = [
        row(value, NOON + activates * HOUR, NOON + created * HOUR, number)
        for number, (value, activates, created) in enumerate(numbers)
    ]
    shuffled = random.sample(rows, len(rows))

    assert multiplier_at(rows, NOON + at * HOUR) == multiplier_at(shuffled, NOON + at * HOUR)
    due = [each for each in rows if each.activates_at <= NOON + at * HOUR]
    expected = max(due, key=lambda r: (r.activates_at, r.created_at, r.id), default=None)
    assert multiplier_at(rows, NOON + at * HOUR) == (expected.multiplier if expected else 1)


# --- In the database ------------------------------------------------------------------------------
@pytest.fixture
def loaded(db):
    services.load_catalogue(now=NOON)


def test_loading_again_writes_nothing(loaded):
    assert services.load_catalogue(now=NOON + HOUR) == 0
    assert Asset.objects.filter(code__in=[each.code for each in shipped()]).count() == 918


def test_loading_repairs_facts_and_leaves_what_staff_decided(loaded):
    Asset.objects.filter(code="BTC").update(status="HALTED", name="Bitcorn")

    assert services.load_catalogue(now=NOON + HOUR) == 1

    bitcoin = Asset.objects.get(code="BTC")
    assert (bitcoin.name, bitcoin.status) == ("Bitcoin", "HALTED")
    assert bitcoin.listed_at == Asset.objects.get(code="ETH").listed_at


def test_the_command_loads_the_catalogue(db, capsys):
    call_command("load_catalogue")

    assert "assets written" in capsys.readouterr().out


NEW = ",".join(CatalogueRow.__dataclass_fields__)
COIN = "NEWC,New Coin,crypto,8,NEWC,,,solana (SPL),,,"


def listed_from(tmp_path, *lines):
    file = tmp_path / "new.csv"
    file.write_text("\n".join([NEW, *lines]))
    call_command("list_assets", str(file))


def test_what_came_to_the_market_is_listed_from_a_file(loaded, tmp_path, capsys):
    listed_from(tmp_path, COIN)
    listed_from(tmp_path, COIN)

    assert capsys.readouterr().out.splitlines() == [
        "1 of 1 assets are new and listed", "0 of 1 assets are new and listed",
    ]  # fmt: skip
    assert (queries.facts("NEWC").kind, currency("NEWC").sub_unit) == (Kind.CRYPTO, 10**8)


@pytest.mark.parametrize(
    "line", ["BTC,Fake,crypto,8,,,,,,,", "NEWD,New,bond,2,,,,,,,", "NEWD,New,crypto,many,,,,,,,"]
)
def test_a_file_with_a_row_that_cannot_be_lists_nothing(loaded, tmp_path, line):
    with pytest.raises(CommandError):
        listed_from(tmp_path, COIN.replace("NEWC", "NEWE"), line)

    assert not Asset.objects.filter(code__in=["NEWD", "NEWE"]).exists()
    assert Asset.objects.get(code="BTC").name == "Bitcoin"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"code": "BTC"}, "a_code_names_one_asset"),
        ({"code": ""}, "a_code_is_up_to_16_plain_characters"),
        ({"decimals": 11}, "an_asset_has_0_to_10_decimals"),
        ({"decimals": -1}, "an_asset_has_0_to_10_decimals"),
        ({"kind": "BOND"}, "a_kind_is_one_we_know"),
        ({"status": "GONE"}, "an_assets_status_is_one_we_know"),
        ({"kraken_hours": "9-5"}, "trading_hours_are_ones_we_know"),
        ({"solana_mint": "0OIl"}, "a_solana_mint_is_base58"),
        ({"evm_address": "0xABC"}, "an_evm_address_is_lower_case_hex"),
        (
            {"solana_mint": "XsbEhLAtcf6HdfpFZ5xEMdqW8nfAvcsP5bdudRLJzJp"},
            "a_mint_belongs_to_one_asset",
        ),
        (
            {"evm_address": "0x9d275685dc284c8eb1c79f6aba7a63dc75ec890a"},
            "an_evm_address_belongs_to_one_asset",
        ),
    ],
)
def test_the_database_refuses_what_makes_no_sense(loaded, change, sentence):
    usual = {"code": "NEWCOIN", "name": "New", "kind": "CRYPTO", "decimals": 8, "listed_at": NOON}
    with pytest.raises(IntegrityError, match=sentence), django_transaction.atomic():
        Asset.objects.create(**usual | change)


def test_a_scheduled_multiplier_comes_into_force_and_can_be_overridden(loaded):
    with transaction():
        services.schedule_multiplier(
            code="AAPLx", multiplier=Decimal("1.004"), activates_at=NOON + HOUR, now=NOON
        )
        services.schedule_multiplier(
            code="AAPLx",
            multiplier=Decimal("1.005"),
            activates_at=NOON + HOUR,
            now=NOON + timedelta(minutes=1),
        )

    assert queries.multipliers_at(NOON + HOUR - MICROSECOND) == {"AAPLx": 1}
    assert queries.multipliers_at(NOON + HOUR)["AAPLx"] == Decimal("1.005")
    assert [row.multiplier for row in queries.multiplier_rows()["AAPLx"]] == [
        Decimal("1.004"),
        Decimal("1.005"),
    ]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"code": "BTC"}, services.NoMultiplier),
        ({"code": "aaplx"}, queries.UnknownAsset),
        ({"multiplier": Decimal(0)}, services.InvalidMultiplier),
        ({"multiplier": Decimal("NaN")}, services.InvalidMultiplier),
        ({"multiplier": Decimal("1E-19")}, services.InvalidMultiplier),
        ({"multiplier": Decimal(10**10)}, services.InvalidMultiplier),
        ({"activates_at": NOON}, services.MultiplierTooSoon),
        ({"activates_at": NOON + LEAD_TIME - MICROSECOND}, services.MultiplierTooSoon),
    ],
)
def test_a_multiplier_that_cannot_be_is_refused(loaded, change, refusal):
    usual = {"code": "AAPLx", "multiplier": Decimal(2), "activates_at": NOON + HOUR, "now": NOON}
    with pytest.raises(refusal), transaction():
        services.schedule_multiplier(**usual | change)
    assert Multiplier.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE assets_multiplier SET multiplier = 9",
        "DELETE FROM assets_multiplier",
        "TRUNCATE assets_multiplier",
    ],
)
def test_the_history_of_multipliers_cannot_be_changed(loaded, statement):
    with (
        pytest.raises(IntegrityError, match="history is kept"),
        django_transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_database_refuses_a_multiplier_that_is_not_positive(loaded):
    with (
        pytest.raises(IntegrityError, match="a_multiplier_is_positive"),
        django_transaction.atomic(),
    ):
        Multiplier.objects.create(
            asset=Asset.objects.get(code="AAPLx"), multiplier=0, activates_at=NOON, created_at=NOON
        )


def test_staff_halt_an_asset(loaded):
    with transaction():
        services.change_status(code="BTC", status=Status.HALTED)

    assert {f.code: f.status for f in queries.all_facts(codes=["BTC"])} == {"BTC": Status.HALTED}
    with pytest.raises(queries.UnknownAsset), transaction():
        services.change_status(code="btc", status=Status.HALTED)


def test_an_asset_listed_by_another_process_is_learned_by_its_code(db):
    with pytest.raises(queries.UnknownAsset):
        queries.facts("LATER")
    Asset.objects.create(
        id=uuid7(), code="LATER", name="Later", kind="CRYPTO", decimals=6, listed_at=NOON
    )

    try:
        assert queries.facts("LATER").decimals == 6
        assert currency("LATER").sub_unit == 10**6
    finally:
        catalogue.load_shipped()
