"""What is not taken, and why: nothing is set aside, and nobody is asked to decide."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fx.assets import directory
from fx.assets.models import Asset
from fx.assets.rules import Activation, Status
from holdings.ledger.models import Hold
from holdings.primary.models import Party, Request
from holdings.primary.services import parties
from holdings.primary.services.requests import MOST_OPEN
from krak.cases.models import Case
from krak.core import clock
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Verification
from tests.people import Known, new_customer
from tests.primary.world import (
    EVM_WALLET,
    accept,
    balance,
    let_in,
    made,
    redeem,
    refusal,
    subscribe,
    work,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def nothing() -> Iterator[None]:
    """Look afterwards that what was refused has left nothing."""
    yield
    assert not Request.objects.exists()
    assert not Hold.objects.filter(reference__startswith="primary:").exists()
    assert not Case.objects.exists()


refuses = pytest.mark.usefixtures("nothing")


@refuses
def test_the_market_says_who_you_are_in_it_and_what_there_is(ada: Known) -> None:
    body = ada.get("/v1/primary").json()

    assert body["minimum"] == {"amount": "5000.00", "currency": "USD"}
    assert (body["is_open"], body["party"]["network"]) == (True, "solana")
    assert {"AAPLx", "SPYx"} <= set(body["assets"])
    # It is on other chains only.
    assert "AMGNx" not in body["assets"]
    Asset.objects.filter(code="SPYx").update(status=Status.DELISTING)
    directory.forget()
    assert "SPYx" not in ada.get("/v1/primary").json()["assets"]


@refuses
def test_who_was_not_let_in_sees_that_and_asks_for_nothing(catalogue: None, market: Any) -> None:
    known = new_customer(cash="20000", holdings={"AAPLx": "51"}, country="BR")

    body = known.get("/v1/primary").json()

    assert (body["party"], body["assets"]) == (None, [])
    assert refusal(subscribe(known)) == (403, "primary.not_a_party")
    assert refusal(redeem(known)) == (403, "primary.not_a_party")


@refuses
def test_who_is_verified_no_more_asks_for_nothing(ada: Known) -> None:
    Verification.objects.filter(customer=ada.customer).update(expires_at=clock.now())

    assert refusal(subscribe(ada)) == (403, "customers.verification_required")
    assert refusal(redeem(ada)) == (403, "customers.verification_required")


@refuses
@pytest.mark.parametrize(
    ("asset", "status", "code"),
    [
        ("NOPEx", 404, "assets.unknown"), ("aaplx", 404, "assets.unknown"),
        ("BTC", 422, "primary.not_a_share"), ("USD", 422, "primary.not_a_share"),
        ("AMGNx", 422, "funding.not_on_rail"),
    ],
)  # fmt: skip
def test_only_shares_on_the_partys_network_are_taken(
    ada: Known, asset: str, status: int, code: str
) -> None:
    assert refusal(subscribe(ada, asset=asset)) == (status, code)
    assert refusal(redeem(ada, asset=asset)) == (status, code)


@refuses
def test_less_than_5000_dollars_are_refused_and_shares_count_at_their_bid(ada: Known) -> None:
    below = subscribe(ada, "4999.99")
    # 25.1256 shown units sell for 4,999.99 dollars at 199; at the middle they were worth more.
    few = redeem(ada, "25.1256")

    assert refusal(below) == refusal(few) == (422, "primary.below_minimum")
    assert below.json()["facts"] == {"minimum_usd": "5000", "worth_usd": "4999.99"}
    assert few.json()["facts"] == {"minimum_usd": "5000", "worth_usd": "4999.99"}


def test_exactly_5000_dollars_are_taken(ada: Known) -> None:
    assert subscribe(ada, "5000.00").status_code == 201
    assert redeem(ada, "25.1257").status_code == 201


@refuses
@pytest.mark.parametrize("cash", ["5000.001", "10000.0000000001"])
def test_dollars_are_taken_to_the_cent(ada: Known, cash: str) -> None:
    assert refusal(subscribe(ada, cash)) == (400, "quotes.amount_too_fine")


@refuses
def test_shares_that_are_finer_than_they_are_kept_are_refused(ada: Known) -> None:
    assert refusal(redeem(ada, "26.0000000001")) == (400, "quotes.amount_too_fine")


@refuses
def test_more_than_there_is_is_refused_in_shown_units(ada: Known) -> None:
    cash, shares = subscribe(ada, "20000.01"), redeem(ada, "51.00000102")

    assert refusal(cash) == refusal(shares) == (422, "trading.insufficient_funds")
    assert cash.json()["facts"]["available"] == "20000"
    assert shares.json()["facts"] == {
        "asset": "AAPLx", "needed": "51.00000102", "available": "51",
    }  # fmt: skip


@refuses
def test_a_halted_share_is_neither_subscribed_nor_redeemed(ada: Known, market: Any) -> None:
    market(halted=["AAPLx"])

    assert refusal(subscribe(ada)) == refusal(redeem(ada)) == (422, "quotes.halted")


@refuses
def test_an_old_price_does_not_tell_what_shares_are_worth(ada: Known, market: Any) -> None:
    market(stale=["AAPLx"])

    assert refusal(redeem(ada)) == (422, "quotes.stale_price")


@refuses
def test_in_the_moment_of_a_split_shown_units_are_not_taken(ada: Known, market: Any) -> None:
    """The multiplier has changed, and the prices on the board are still those of before."""
    now = clock.now()
    split = Activation(at=now - timedelta(hours=1), multiplier=Decimal("2.04"))
    market(built_at=now - timedelta(hours=2), activations={"AAPLx": (split,)})

    assert refusal(subscribe(ada)) == refusal(redeem(ada)) == (422, "quotes.stale_price")


def test_what_is_being_delisted_is_redeemed_and_no_more_subscribed(ada: Known) -> None:
    Asset.objects.filter(code="AAPLx").update(status=Status.DELISTING)

    assert refusal(subscribe(ada)) == (422, "quotes.delisting")
    assert redeem(ada).status_code == 201


@pytest.mark.parametrize(
    ("country", "code"),
    [("GB", "eligibility.not_eligible"), ("DE", "eligibility.suitability_needed")],
)
def test_who_may_not_hold_shares_redeems_them_and_subscribes_none(
    catalogue: None, market: Any, country: str, code: str
) -> None:
    known = new_customer(cash="20000", holdings={"AAPLx": "51"}, country=country)
    let_in(known)

    assert refusal(subscribe(known)) == (422, code)
    assert known.get("/v1/primary").json()["assets"] == []
    assert redeem(known).status_code == 201


@refuses
def test_a_frozen_account_asks_for_nothing(ada: Known) -> None:
    with transaction():
        customers.freeze(customer_id=ada.customer.id, reason="asked by the police", now=clock.now())

    assert refusal(subscribe(ada)) == refusal(redeem(ada)) == (422, "quotes.account_frozen")


@refuses
def test_without_an_issuer_nothing_is_asked_for(ada: Known, settings: Any) -> None:
    settings.SHARE_ISSUER = "none"

    assert refusal(subscribe(ada)) == refusal(redeem(ada)) == (422, "primary.issuer_unavailable")
    assert ada.get("/v1/primary").json()["is_open"] is False


def test_there_are_only_so_many_open_requests(catalogue: None, market: Any) -> None:
    known = new_customer(cash="200000", country="BR")
    let_in(known)
    answers = [subscribe(known, "5000.00") for _ in range(MOST_OPEN)]
    assert {each.status_code for each in answers} == {201}

    assert refusal(subscribe(known, "5000.00")) == (422, "primary.too_many_requests")

    accept(made(answers[0]))
    work()
    assert subscribe(known, "5000.00").status_code == 201


def test_a_repeat_with_the_same_key_asks_for_nothing_more(ada: Known) -> None:
    first, again = subscribe(ada, key="once"), subscribe(ada, key="once")
    other = subscribe(ada, "5000.00", key="once")

    assert first.json() == again.json()
    assert refusal(other) == (422, "idempotency.key_reused")
    assert balance(ada, "USD") == (20000, 10200)


@refuses
def test_a_party_that_has_ended_asks_for_nothing(ada: Known) -> None:
    party = Party.objects.get(customer=ada.customer)
    parties.end(party_id=party.id, reason="closed its books", now=clock.now())

    assert refusal(subscribe(ada)) == (403, "primary.not_a_party")
    assert ada.get("/v1/primary").json()["party"] is None
    let_in(ada, network="ethereum", wallet=EVM_WALLET)
    assert ada.get("/v1/primary").json()["party"]["wallet"] == EVM_WALLET
