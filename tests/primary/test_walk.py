"""From a request to its one entry: set aside, accepted by two, given to the issuer, booked."""

from decimal import Decimal
from typing import Any

import pytest

from fx.assets import queries as assets
from holdings.hedging import queries as hedging
from holdings.ledger.models import JournalEntry
from holdings.lots import queries as lots
from holdings.lots.models import Disposal, Lot
from holdings.primary.models import PaperOrder, Request
from holdings.reserves.models import Tree
from holdings.reserves.services import custody, proofs
from krak.approvals.models import Proposal
from krak.cases.models import Case
from krak.core import clock
from krak.core.ids import show
from krak.notifications.models import Notification
from tests.people import Known, new_customer
from tests.primary.world import (
    accept,
    at_home_in_euros,
    balance,
    books_hold,
    house,
    let_in,
    made,
    redeem,
    shown,
    subscribe,
    told,
    wallet_of,
    work,
)

pytestmark = pytest.mark.django_db

MINT = "XsbEhLAtcf6HdfpFZ5xEMdqW8nfAvcsP5bdudRLJzJp"


def legs(entry: JournalEntry) -> set[tuple[Any, ...]]:
    return {(p.house or "customer", p.side, p.amount, p.currency) for p in entry.postings.all()}


def test_a_subscription_waits_for_two_people_and_ends_in_one_entry(ada: Known) -> None:
    before = JournalEntry.objects.count()
    in_custody = house("CUSTODY", "USD"), house("CUSTODY", "AAPLx")

    answer = subscribe(ada)

    request = made(answer)
    assert answer.json() | {"id": "", "created_at": ""} == {
        "object": "primary_request", "id": "", "side": "subscription", "asset": "AAPLx",
        "state": "requested", "cancelable": True, "cash": {"amount": "10200.00", "currency": "USD"},
        "units": None, "multiplier": "1.02", "price": None, "failure": "", "approved_at": None,
        "ended_at": None, "created_at": "", "livemode": False,
    }  # fmt: skip
    assert balance(ada, "USD") == (20000, 10200)
    work()
    assert not PaperOrder.objects.exists()
    accept(request)
    assert shown(ada, request)["state"] == "approved"
    assert JournalEntry.objects.count() == before
    work()

    after = shown(ada, request)
    # 10,200 dollars at 204 for a base unit: 200 for each of its 1.02 shown ones.
    assert (after["state"], after["units"], after["price"]) == (
        "settled", {"amount": "51", "currency": "AAPLx"}, "200",
    )  # fmt: skip
    assert balance(ada, "USD") == (9800, 0)
    assert balance(ada, "AAPLx") == (100, 0)
    [entry] = JournalEntry.objects.filter(kind="PRIMARY_SUBSCRIPTION")
    assert JournalEntry.objects.count() == before + 1
    assert legs(entry) == {
        ("customer", "DEBIT", 10200, "USD"), ("CUSTODY", "CREDIT", 10200, "USD"),
        ("CUSTODY", "DEBIT", 50, "AAPLx"), ("customer", "CREDIT", 50, "AAPLx"),
    }  # fmt: skip
    request.refresh_from_db()
    assert request.entry_id == entry.id
    assert entry.details == {
        "primary_request": show("preq", request.id), "issuer": "paper", "price": "200",
        "issuer_reference": request.issuer_reference,
    }  # fmt: skip
    assert house("CUSTODY", "USD") == in_custody[0] + 10200
    assert house("CUSTODY", "AAPLx") == in_custody[1] - 50
    order = PaperOrder.objects.get()
    assert (order.key, order.asked, order.token, order.wallet, order.network) == (
        show("preq", request.id), 1, MINT, wallet_of(ada), "solana",
    )  # fmt: skip
    assert told(ada) == ["primary.settled"]
    books_hold(ada)


def test_what_was_subscribed_is_a_lot_at_what_it_cost(ada: Known) -> None:
    accept(made(subscribe(ada)))
    work()

    newest = Lot.objects.filter(customer=ada.customer, currency="AAPLx").latest("id")
    assert (newest.quantity, newest.cost, newest.cost_currency) == (50, 10200, "USD")
    assert not Disposal.objects.filter(customer=ada.customer).exists()


def test_a_redemption_is_the_mirror_and_realises_the_gain(ada: Known) -> None:
    accept(made(subscribe(ada)))
    work()
    # Of 100 base units 50 cost nothing and 50 cost 10,200; they leave first in, first out.
    request = made(redeem(ada, "76.5"))
    assert balance(ada, "AAPLx") == (100, 75)
    accept(request)
    work()

    after = shown(ada, request)
    assert (after["state"], after["cash"], after["units"]) == (
        "settled", {"amount": "15300.00", "currency": "USD"},
        {"amount": "76.5", "currency": "AAPLx"},
    )  # fmt: skip
    assert balance(ada, "USD") == (25100, 0)
    assert balance(ada, "AAPLx") == (25, 0)
    [entry] = JournalEntry.objects.filter(kind="PRIMARY_REDEMPTION")
    assert legs(entry) == {
        ("customer", "DEBIT", 75, "AAPLx"), ("CUSTODY", "CREDIT", 75, "AAPLx"),
        ("CUSTODY", "DEBIT", 15300, "USD"), ("customer", "CREDIT", 15300, "USD"),
    }  # fmt: skip
    # 15,300 dollars, less the 5,100 that the last 25 of them cost.
    assert lots.realised_gains(customer_id=ada.customer.id) == {"AAPLx": 10200}
    assert told(ada) == ["primary.settled"] * 2
    books_hold(ada)


def test_lots_and_gains_of_who_is_at_home_elsewhere_are_in_their_currency(
    catalogue: None, market: Any
) -> None:
    """Dollars are an asset to them, too: they leave their lots, and come as one."""
    known = at_home_in_euros(dollars="10200", cost="9000")
    let_in(known)

    accept(made(subscribe(known)))
    work()

    # 10,200 dollars are 9,272.72 euros, cut: what the shares cost, and what the dollars brought.
    lot = Lot.objects.get(customer=known.customer, currency="AAPLx")
    assert (lot.quantity, lot.cost, lot.cost_currency) == (50, Decimal("9272.72"), "EUR")
    gone = Disposal.objects.get(customer=known.customer)
    assert (gone.currency, gone.gain) == ("USD", Decimal("272.72"))

    accept(made(redeem(known, "51")))
    work()

    dollars = Lot.objects.get(customer=known.customer, currency="USD", remaining__gt=0)
    assert (dollars.quantity, dollars.cost, dollars.cost_currency) == (
        10200, Decimal("9272.72"), "EUR",
    )  # fmt: skip
    assert lots.realised_gains(customer_id=known.customer.id) == {
        "USD": Decimal("272.72"), "AAPLx": 0,
    }  # fmt: skip
    books_hold(known)


def test_the_house_is_not_exposed_and_reserves_are_covered(ada: Known) -> None:
    inventory = hedging.inventory()

    accept(made(subscribe(ada)))
    work()
    accept(made(redeem(ada, "40.8")))
    work()

    assert hedging.inventory() == inventory
    now = clock.now()
    custody.ask_custodians(now=now)
    proofs.prove(now=now)
    tree = Tree.objects.get(asset="AAPLx", proof=Tree.objects.latest("id").proof)
    assert tree.owed == tree.in_custody == -house("CUSTODY", "AAPLx") == 60
    assert not Case.objects.filter(kind="RESERVES_SHORT").exists()


def test_the_notice_says_shown_units(ada: Known) -> None:
    accept(made(subscribe(ada)))
    work()

    notice = Notification.objects.get(customer=ada.customer)
    assert notice.facts["units"] == {"amount": "51", "currency": "AAPLx", "multiplier": "1.02"}
    found = ada.get("/v1/notifications").json()["results"][0]
    assert found["text"] == "Your subscription is settled: 51 AAPLx for 10200.00 USD."


def test_it_reads_as_what_it_was_in_the_list_of_everything_that_moved(ada: Known) -> None:
    request = made(subscribe(ada))
    accept(request)
    work()

    row = ada.get("/v1/activity").json()["results"][0]
    assert (row["title"], row["group"], row["links"]) == (
        "Subscribed AAPLx", "trade", {"primary_request": show("preq", request.id)},
    )  # fmt: skip
    amounts = {f"{each['amount']} {each['currency']}" for each in row["amounts"]}
    assert amounts == {"-10200.00 USD", "51 AAPLx"}
    assert ada.get("/v1/activity?group=trade").json()["results"][0]["id"] == row["id"]


def test_cards_see_what_is_set_aside_as_gone(ada: Known) -> None:
    made(subscribe(ada, "19000.00"))

    preview = ada.get("/v1/balances").json()["results"]
    dollars = next(each for each in preview if each["available"]["currency"] == "USD")
    assert dollars["available"]["amount"] == "1000.00"


def test_staff_find_a_case_for_each_request_until_it_is_decided(ada: Known) -> None:
    request = made(subscribe(ada))
    case = Case.objects.get(kind="primary_request_to_decide")
    assert (case.status, case.subject) == ("OPEN", show("preq", request.id))

    accept(request)

    case.refresh_from_db()
    assert (case.status, case.closing_reason) == ("CLOSED", "Two people accepted it.")
    assert Proposal.objects.get(kind="primary.accept").outcome == f"primary.request:{request.id}"


def test_on_an_evm_chain_the_token_is_its_contract(catalogue: None, market: Any) -> None:
    known = new_customer(cash="6000", country="BR")
    let_in(known, network="ink", wallet="0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
    accept(made(subscribe(known, "6000.00")))
    work()

    order = PaperOrder.objects.get()
    assert (order.token, order.wallet) == (
        "0x9d275685dc284c8eb1c79f6aba7a63dc75ec890a", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    )  # fmt: skip
    assert assets.facts("AAPLx").decimals == 8
    assert Request.objects.get().units == Decimal("29.41176470")
