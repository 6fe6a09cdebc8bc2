"""Tokenized shares on chains: known by their contract, sent in base units, shown by multiplier."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fx.assets import directory
from fx.assets.models import Asset, Multiplier
from fx.assets.rules import PROPERTIES, Activation
from fx.assets.services import load_catalogue
from holdings.funding import queries
from holdings.funding.models import PaperPayout, RailTerms, Receipt, Withdrawal
from holdings.funding.rules.networks import NETWORKS
from holdings.funding.services import unmatched
from holdings.ledger.models import JournalEntry
from krak.cases.models import Case
from krak.core import clock
from krak.notifications.models import Notification
from tests.funding.test_receipts import address
from tests.funding.world import ETHEREUM, World, balance, books_hold, post, save, work
from tests.people import Known, new_customer
from tests.staff import staff

pytestmark = pytest.mark.django_db

AAPLX = "0x9d275685dc284c8eb1c79f6aba7a63dc75ec890a"
AAPLX_MINT = "XsbEhLAtcf6HdfpFZ5xEMdqW8nfAvcsP5bdudRLJzJp"


@pytest.fixture(autouse=True)
def catalogue() -> None:
    """Let all shares be listed."""
    load_catalogue(now=clock.now())
    directory.forget()


@pytest.fixture
def bob(pinned: Any) -> Known:
    """Return a customer where shares may be held: ten base units of AAPLx, shown as 10.2."""
    pinned({}, multipliers={"AAPLx": "1.02"})
    return new_customer(cash="1000", holdings={"AAPLx": "10.2"}, country="BR")


def amounts(body: dict[str, Any], *names: str) -> list[str]:
    return [body[name]["amount"] for name in names]


# --- In ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "contract"),
    [
        ("solana", AAPLX_MINT), ("ethereum", AAPLX), ("ink", AAPLX.upper().replace("0X", "0x")),
        ("hyperevm", AAPLX),
    ],
)  # fmt: skip
def test_shares_come_by_their_contract_and_are_shown_by_their_multiplier(
    bob: Known, world: World, network: str, contract: str
) -> None:
    Multiplier.objects.create(
        asset=Asset.objects.get(code="AAPLx"), multiplier=Decimal("1.02"),
        activates_at=clock.now() - timedelta(days=1), created_at=clock.now() - timedelta(days=2),
    )  # fmt: skip
    place = address(bob, "AAPLx", network)["address"]
    seen = {
        "network": network, "asset": None, "token": contract, "amount": "2.5", "address": place,
    }  # fmt: skip

    world.tell("chain", world.output(confirmations=NETWORKS[network].confirmations, **seen))

    assert balance(bob, "AAPLx") == (Decimal("12.5"), Decimal(0))
    deposit = bob.get("/v1/deposits").json()["results"][0]
    assert (deposit["amount"], deposit["network"], deposit["state"]) == (
        {"amount": "2.55", "currency": "AAPLx"}, network, "credited",
    )  # fmt: skip
    told = Notification.objects.filter(customer=bob.customer, kind="deposit.received").get()
    assert (told.facts["amount"], told.facts["currency"]) == ("2.55", "AAPLx")
    assert deposit["multiplier"] == told.facts["multiplier"] == "1.02"
    moved = bob.get("/v1/activity").json()["results"][0]
    assert moved["title"] == f"Shares received on {NETWORKS[network].name}"
    assert moved["amounts"] == [{"amount": "2.55", "currency": "AAPLx", "multiplier": "1.02"}]
    # 2.55 shares at 200 dollars.
    assert queries.deposited(customer_id=bob.customer.id, now=clock.now()).day == 510
    books_hold(bob)


@pytest.mark.parametrize(
    ("network", "contract"),
    [
        ("ethereum", "0x" + "ab" * 20), ("solana", AAPLX_MINT[:-1] + "q"),
        ("solana", AAPLX_MINT.lower()), ("ethereum", AAPLX_MINT),
        # Its own contract, where the issuer has put none.
        ("base", AAPLX),
    ],
)  # fmt: skip
def test_what_only_bears_the_name_of_a_share_is_nothing(
    bob: Known, world: World, network: str, contract: str
) -> None:
    """Anybody can send such tokens to any address: neither money nor work for staff."""
    place = address(bob, *{"base": ("USDC", "base")}.get(network, ("AAPLx", network)))["address"]
    entries = JournalEntry.objects.count()

    world.tell(
        "chain",
        world.output(
            network=network, asset="AAPLx", token=contract, amount="1000", address=place,
            confirmations=100,
        ),
    )  # fmt: skip

    assert not Receipt.objects.exists()
    assert not Case.objects.exists()
    assert JournalEntry.objects.count() == entries


def test_shares_that_are_only_named_are_put_before_staff(bob: Known, world: World) -> None:
    place = address(bob, "AAPLx", "ethereum")["address"]

    world.tell(
        "chain", world.output(network="ethereum", asset="AAPLx", address=place, confirmations=100)
    )

    assert not Receipt.objects.exists()
    case = Case.objects.get()
    assert case.kind == "funding.event_refused"
    assert "AAPLx is known by its contract, which is not said" in case.details["detail"]


def test_whoever_may_not_hold_shares_gets_no_address_for_them(pinned: Any) -> None:
    pinned({})
    for country, code in (
        ("GB", "eligibility.not_eligible"), ("DE", "eligibility.suitability_needed"),
    ):  # fmt: skip
        known = new_customer(country=country)

        refused = known.send("/v1/deposit-addresses", {"asset": "AAPLx", "network": "ethereum"})

        assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_shares_for_somebody_who_may_not_hold_them_wait_and_go_back_as_they_came(
    pinned: Any, world: World
) -> None:
    """An address takes whatever is sent to it."""
    pinned({})
    known = new_customer(country="GB")
    place = address(known, "ETH", "ethereum")["address"]
    world.tell(
        "chain",
        world.output(
            network="ethereum", token=AAPLX, amount="2.5", address=place, confirmations=100,
            sender=ETHEREUM,
        ),
    )  # fmt: skip
    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.unmatched_because) == ("FINAL", "not_eligible")
    assert balance(known, "AAPLx") == (0, 0)
    assert Case.objects.get().customer_id == known.customer.id

    with pytest.raises(unmatched.ReceiptHeldBack) as refused:
        unmatched.assign(
            receipt_id=receipt.id, customer_id=known.customer.id, reason="theirs", by=staff(),
            now=clock.now(),
        )  # fmt: skip
    assert refused.value.facts["why"] == "not_eligible"
    assert balance(known, "AAPLx") == (0, 0)

    unmatched.send_back(receipt_id=receipt.id, reason="may not hold shares")
    work()

    sent = PaperPayout.objects.get()
    assert (sent.rail, sent.account, sent.token, sent.amount) == (
        "ethereum", ETHEREUM, AAPLX, Decimal("2.5"),
    )  # fmt: skip


# --- Out -----------------------------------------------------------------------------------------


@pytest.fixture
def terms() -> None:
    """Let Solana ask a dollar and send no less than two."""
    RailTerms.objects.create(
        rail="solana", currency="AAPLx", unit="USD", fee=1, minimum_withdrawal=2,
        minimum_deposit=0, effective_at=clock.now(),
    )  # fmt: skip


@pytest.mark.usefixtures("terms")
def test_shares_leave_in_shown_units_and_are_sent_in_those_of_their_contract(
    bob: Known, world: World
) -> None:
    destination = save(bob, rail="solana", account="11111111111111111111111111111112")
    asked = {"destination": destination, "amount": "5.1", "currency": "AAPLx"}

    preview = bob.send("/v1/withdrawals/preview", asked).json()
    # A dollar is 1 / 200 of a shown unit: 0.00490197 base units, rounded up.
    assert amounts(preview, "amount", "fee", "total", "minimum") == [
        "5.1", "0.0050000094", "5.1050000094", "0.0100000086",
    ]  # fmt: skip
    asked["fee"] = preview["fee"]["amount"]
    made = post(bob, "/v1/withdrawals", asked, "withdraw", asked)

    assert made.status_code == 201, made.content
    assert preview["multiplier"] == made.json()["multiplier"] == "1.02"
    assert amounts(made.json(), "amount", "fee", "total") == ["5.1", "0.0050000094", "5.1050000094"]
    kept = Withdrawal.objects.get()
    assert (kept.amount, kept.fee, kept.usd_value) == (
        Decimal(5), Decimal("0.00490197"), Decimal("1021.01"),
    )  # fmt: skip
    work()
    sent = PaperPayout.objects.get()
    assert (sent.currency, sent.token, sent.amount) == ("AAPLx", AAPLX_MINT, Decimal(5))
    world.tell("chain", world.payout("completed", made.json()["id"]))
    told = Notification.objects.filter(customer=bob.customer, kind="withdrawal.completed").get()
    assert (told.facts["amount"], told.facts["fee"], told.facts["multiplier"]) == (
        "5.1", "0.0050000094", "1.02",
    )  # fmt: skip
    assert balance(bob, "AAPLx") == (Decimal("4.99509803"), Decimal(0))
    books_hold(bob)


@pytest.mark.usefixtures("terms")
def test_all_that_is_shown_can_be_sent(pinned: Any) -> None:
    pinned({}, multipliers={"AAPLx": "1.002134567890123456"})
    known = new_customer(holdings={"AAPLx": "9.87654321"}, country="BR")
    destination = save(known, rail="solana", account="11111111111111111111111111111112")
    have = known.get("/v1/balances").json()["results"][0]["available"]["amount"]
    asked = {"destination": destination, "amount": "1", "currency": "AAPLx"}
    fee = known.send("/v1/withdrawals/preview", asked).json()["fee"]["amount"]
    asked |= {"amount": str(Decimal(have) - Decimal(fee)), "fee": fee}

    assert post(known, "/v1/withdrawals", asked, "withdraw", asked).status_code == 201
    work()

    assert balance(known, "AAPLx") == (0, 0)


@pytest.mark.usefixtures("terms")
def test_refusals_say_shown_units(bob: Known) -> None:
    destination = save(bob, rail="solana", account="11111111111111111111111111111112")
    fine = {"destination": destination, "amount": "0.0000000001", "currency": "AAPLx"}
    little, much = fine | {"amount": "0.00612"}, fine | {"amount": "10.2", "fee": "1"}

    assert bob.send("/v1/withdrawals/preview", fine).json()["code"] == "funding.amount_too_fine"
    below = bob.send("/v1/withdrawals/preview", little).json()
    assert (below["code"], below["facts"]["minimum"]) == ("funding.below_minimum", "0.0100000086")
    short = post(bob, "/v1/withdrawals", much, "withdraw", much).json()
    assert (short["code"], short["facts"]["needed"], short["facts"]["available"]) == (
        "trading.insufficient_funds", "10.2050000094", "10.2",
    )  # fmt: skip
    cheap = much | {"amount": "1.02", "fee": "0.005"}
    changed = post(bob, "/v1/withdrawals", cheap, "withdraw", cheap).json()
    assert (changed["code"], changed["facts"]) == (
        "funding.fee_changed", {"fee": "0.0050000094", "shown": "0.005"},
    )  # fmt: skip


def test_every_share_of_the_catalogue_travels_and_each_contract_leads_back_to_it() -> None:
    shares = [
        listed
        for _key, listed in directory.search()
        if PROPERTIES[listed.facts.kind].has_multiplier
    ]

    assert len(shares) > 100
    for listed in shares:
        code, rails = listed.facts.code, queries.rails_of(listed.facts)
        assert rails, code
        for rail in rails:
            contract = queries.contract_of(code, rail)
            assert queries.code_of_contract(contract, NETWORKS[rail]) == code
    assert queries.contract_of("BTC", "bitcoin") == queries.contract_of("ETH", "bank") == ""


@pytest.mark.usefixtures("terms")
def test_in_the_moment_of_a_split_shown_units_are_not_taken(bob: Known, pinned: Any) -> None:
    """The multiplier has changed, and the prices on the board are still those of before."""
    now = clock.now()
    split = Activation(at=now, multiplier=Decimal("2.04"))
    destination = save(bob, rail="solana", account="11111111111111111111111111111112")
    pinned(
        {}, multipliers={"AAPLx": "1.02"}, built_at=now - timedelta(seconds=1),
        activations={"AAPLx": (split,)},
    )  # fmt: skip
    asked = {"destination": destination, "amount": "1", "currency": "AAPLx"}

    refused = bob.send("/v1/withdrawals/preview", asked)

    assert (refused.status_code, refused.json()["code"]) == (422, "quotes.stale_price")
