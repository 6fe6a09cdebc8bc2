"""Money from banks and chains: whose it is, when it is final, and what nobody is found for."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction

from fx.assets.rules import Status
from holdings.funding.models import Deposit, PaperPayout, RailTerms, Receipt
from holdings.funding.rules.addresses import is_address
from holdings.funding.rules.networks import NETWORKS
from holdings.funding.services import unmatched
from holdings.ledger import queries as ledger
from holdings.ledger.models import JournalEntry
from holdings.lots.models import Lot
from holdings.trading.services import set_rule
from krak.approvals import services as approvals
from krak.cases.models import Case
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.inbox.models import InboxEvent
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.notifications.models import Notification
from tests.funding.world import IBAN, World, balance, books_hold, work
from tests.people import Known, new_customer
from tests.staff import staff
from tests.trading.test_quotes import set_status

pytestmark = pytest.mark.django_db


def account(known: Known, currency: str = "EUR") -> dict[str, Any]:
    made = known.send("/v1/deposit-accounts", {"currency": currency})
    assert made.status_code == 201, made.content
    work()
    found: dict[str, Any] = next(
        each for each in known.get("/v1/deposit-accounts").json()["results"]
        if each["currency"] == currency
    )  # fmt: skip
    return found


def address(known: Known, asset: str = "BTC", network: str = "bitcoin") -> dict[str, Any]:
    made = known.send("/v1/deposit-addresses", {"asset": asset, "network": network})
    assert made.status_code == 201, made.content
    work()
    found: dict[str, Any] = next(
        each for each in known.get("/v1/deposit-addresses").json()["results"]
        if each["network"] == network
    )  # fmt: skip
    return found


def kinds(known: Known) -> list[str]:
    rows = Notification.objects.filter(customer=known.customer).order_by("id")
    return list(rows.values_list("kind", flat=True))


# --- Banks ----------------------------------------------------------------------------------------
def test_a_transfer_to_ones_own_iban_is_credited(ada: Known, world: World) -> None:
    iban = account(ada)["iban"]

    world.tell("bank", world.transfer(iban=iban))

    assert balance(ada, "EUR") == (1250, 0)
    (shown,) = ada.get("/v1/deposits").json()["results"]
    assert (shown["kind"], shown["state"]) == ("bank_transfer", "credited")
    assert shown["amount"] == {"amount": "250.00", "currency": "EUR"}
    assert (shown["sender_name"], shown["reference"]) == ("Grace Hopper", "rent")
    entry = JournalEntry.objects.get(kind="DEPOSIT", customer=ada.customer, cause__startswith="dep")
    receipt = Receipt.objects.get()
    assert entry.details == {
        "deposit": shown["id"], "method": "bank_transfer", "rail": "bank",
        "provider_reference": receipt.provider_reference,
    }  # fmt: skip
    assert kinds(ada) == ["deposit.received"]
    # 250 euros at 1.10.
    assert Lot.objects.get(entry=entry).cost == 275
    books_hold(ada)


def test_a_transfer_told_twice_is_credited_once(ada: Known, world: World) -> None:
    event = world.transfer(iban=account(ada)["iban"])
    again = {**event, "id": "evt_other", "created_at": world.event("x", {})["created_at"]}

    world.tell("bank", event, event, again)

    assert balance(ada, "EUR") == (1250, 0)
    assert Deposit.objects.count() == 1


def test_an_iban_is_one_customers_and_the_same_when_asked_for_again(ada: Known) -> None:
    bob = new_customer(country="BR")
    first, second, bobs = account(ada), account(ada), account(bob)

    assert first == second
    assert first["iban"] != bobs["iban"]
    assert first["state"] == "open"


def test_a_reference_finds_its_owner_however_it_is_written(ada: Known, world: World) -> None:
    reference = account(ada)["reference"]
    spaced = f"for {reference[:6].lower()} {reference[6:12]}-{reference[12:]}"

    world.tell("bank", world.transfer(iban=IBAN, reference=spaced))

    assert balance(ada, "EUR") == (1250, 0)


@pytest.mark.parametrize(
    ("facts", "why"),
    [({"iban": IBAN}, "unknown_account"), ({"iban": ""}, "unknown_account")],
)
def test_what_nobody_is_found_for_is_a_case_and_credited_to_nobody(
    ada: Known, world: World, facts: dict[str, str], why: str
) -> None:
    account(ada)
    entries = JournalEntry.objects.count()

    world.tell("bank", world.transfer(**facts))

    assert JournalEntry.objects.count() == entries
    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.unmatched_because) == ("FINAL", why)
    assert Case.objects.get().kind == "receipt_unmatched"


def test_another_currency_than_the_ibans_waits_for_staff(ada: Known, world: World) -> None:
    world.tell("bank", world.transfer(iban=account(ada)["iban"], currency="GBP"))

    assert Receipt.objects.get().unmatched_because == "wrong_currency"
    assert Case.objects.get().customer_id == ada.customer.id


def test_money_for_a_frozen_account_waits_for_staff(ada: Known, world: World) -> None:
    iban = account(ada)["iban"]
    with transaction():
        customers.freeze(customer_id=ada.customer.id, reason="check", now=clock.now())

    world.tell("bank", world.transfer(iban=iban))

    assert Receipt.objects.get().unmatched_because == "account_frozen"
    assert balance(ada, "EUR") == (1000, 0)


def test_what_was_delisted_and_comes_from_a_chain_waits_for_staff(ada: Known, world: World) -> None:
    place = address(ada)
    set_status("BTC", Status.DELISTED)

    world.tell("chain", world.output(address=place["address"], confirmations=3))

    assert Receipt.objects.get().unmatched_because == "delisted"
    assert balance(ada, "BTC") == (Decimal("0.5"), 0)


def test_a_small_unmatched_receipt_is_given_to_its_owner_by_one_person(
    ada: Known, world: World
) -> None:
    world.tell("bank", world.transfer(iban=IBAN))
    receipt = Receipt.objects.get()
    with pytest.raises(approvals.WordsMissing):
        unmatched.assign(
            receipt_id=receipt.id, customer_id=ada.customer.id, reason=" ", by=staff(),
            now=clock.now(),
        )  # fmt: skip

    done = unmatched.assign(
        receipt_id=receipt.id, customer_id=ada.customer.id, reason="called", by=staff(),
        now=clock.now(),
    )  # fmt: skip

    assert done is None
    assert balance(ada, "EUR") == (1250, 0)
    assert Case.objects.get().status == "CLOSED"
    with pytest.raises(unmatched.ReceiptNotOpen):
        unmatched.assign(
            receipt_id=receipt.id, customer_id=ada.customer.id, reason="again", by=staff(),
            now=clock.now(),
        )  # fmt: skip


def test_a_large_one_takes_two(ada: Known, world: World) -> None:
    world.tell("bank", world.transfer(iban=IBAN, amount="20000.00"))
    receipt = Receipt.objects.get()
    maker, checker = staff("funding.propose_receipt"), staff("funding.approve_receipt")

    proposal = unmatched.assign(
        receipt_id=receipt.id, customer_id=ada.customer.id, reason="called", by=maker,
        now=clock.now(),
    )  # fmt: skip

    assert proposal is not None
    assert balance(ada, "EUR") == (1000, 0)
    with transaction():
        customers.freeze(customer_id=ada.customer.id, reason="check", now=clock.now())
    with pytest.raises(unmatched.ReceiptHeldBack):
        approvals.approve(
            proposal_id=proposal.id, content_hash=proposal.content_hash, by=checker, note="ok",
            now=clock.now(),
        )  # fmt: skip
    with transaction():
        customers.unfreeze(customer_id=ada.customer.id, reason="checked")
    approvals.approve(
        proposal_id=proposal.id, content_hash=proposal.content_hash, by=checker, note="ok",
        now=clock.now(),
    )  # fmt: skip
    assert balance(ada, "EUR") == (21000, 0)


def test_what_is_sent_back_is_sent_once_and_credited_to_nobody(ada: Known, world: World) -> None:
    world.tell("bank", world.transfer(iban=IBAN, sender_iban="DE02120300000000202051"))
    receipt = Receipt.objects.get()

    unmatched.send_back(receipt_id=receipt.id, reason="unknown")
    work()
    unmatched.return_now(receipt.id, now=clock.now())

    receipt.refresh_from_db()
    payout = PaperPayout.objects.get()
    assert receipt.state == "RETURNED"
    assert (payout.account, payout.amount, payout.asked) == ("DE02120300000000202051", 250, 1)
    with pytest.raises(unmatched.ReceiptNotOpen):
        unmatched.assign(
            receipt_id=receipt.id, customer_id=ada.customer.id, reason="late", by=staff(),
            now=clock.now(),
        )  # fmt: skip


def test_more_than_the_level_allows_is_credited_and_looked_at(ada: Known, world: World) -> None:
    world.tell("bank", world.transfer(iban=account(ada)["iban"], amount="60000.00"))

    assert balance(ada, "EUR") == (61000, 0)
    assert Case.objects.get().kind == "deposit_above_limit"


def test_an_auto_convert_rule_sees_what_came(ada: Known, world: World, market: Any) -> None:
    with transaction():
        set_rule(
            customer=ada.customer, currency="EUR", into="BTC", share_bps=5000,
            minimum=Decimal(10), board=market(), now=clock.now(),
        )  # fmt: skip

    world.tell("bank", world.transfer(iban=account(ada)["iban"]))

    assert balance(ada, "EUR") == (1125, 0)
    assert balance(ada, "BTC")[0] > Decimal("0.5")
    books_hold(ada)


# --- Chains ---------------------------------------------------------------------------------------
def test_coins_wait_for_their_confirmations(ada: Known, world: World) -> None:
    place = address(ada)
    assert is_address(NETWORKS["bitcoin"], place["address"])

    world.tell("chain", world.output(address=place["address"], confirmations=2))

    assert balance(ada, "BTC") == (Decimal("0.5"), 0)
    (shown,) = ada.get("/v1/deposits").json()["results"]
    assert (shown["state"], shown["confirmations"], shown["confirmations_needed"]) == (
        "pending", 2, 3,
    )  # fmt: skip
    world.tell("chain", world.output(address=place["address"], confirmations=3))
    assert balance(ada, "BTC") == (Decimal("0.6"), 0)
    (shown,) = ada.get("/v1/deposits").json()["results"]
    assert (shown["state"], shown["transaction"]) == ("credited", "f4184fc5")
    assert kinds(ada) == ["deposit.pending", "deposit.received"]
    books_hold(ada)


def test_a_reorganisation_undoes_what_was_never_credited_and_it_may_come_again(
    ada: Known, world: World
) -> None:
    place = address(ada)["address"]
    entries = JournalEntry.objects.count()
    world.tell("chain", world.output(address=place, confirmations=2))

    world.tell("chain", world.output(address=place, kind="deposit.dropped"))

    assert ada.get("/v1/deposits").json()["results"][0]["state"] == "undone"
    assert JournalEntry.objects.count() == entries
    world.tell("chain", world.output(address=place, confirmations=1))
    assert ada.get("/v1/deposits").json()["results"][0]["state"] == "pending"
    world.tell("chain", world.output(address=place, confirmations=3))
    assert balance(ada, "BTC") == (Decimal("0.6"), 0)


def test_older_words_of_a_chain_change_nothing(ada: Known, world: World) -> None:
    place = address(ada)["address"]
    dropped = world.output(address=place, kind="deposit.dropped")
    final = world.output(address=place, confirmations=3)

    world.tell("chain", final, dropped, final)

    assert balance(ada, "BTC") == (Decimal("0.6"), 0)
    assert not Case.objects.exists()


def test_what_a_chain_drops_after_it_was_final_is_for_staff(ada: Known, world: World) -> None:
    place = address(ada)["address"]
    world.tell("chain", world.output(address=place, confirmations=3))

    world.tell("chain", world.output(address=place, kind="deposit.dropped"))

    assert balance(ada, "BTC") == (Decimal("0.6"), 0)
    assert Case.objects.get().kind == "receipt_dropped"


def test_below_the_minimum_nothing_is_credited(ada: Known, world: World) -> None:
    place = address(ada)["address"]

    # The smallest is 5 dollars: 0.0001 at 50,000.
    world.tell("chain", world.output(address=place, confirmations=3, amount="0.00009999"))
    world.tell(
        "chain",
        world.output(address=place, confirmations=3, amount="0.0001", transaction="other"),
    )

    states = [each["state"] for each in ada.get("/v1/deposits").json()["results"]]
    assert states == ["credited", "too_small"]
    assert balance(ada, "BTC") == (Decimal("0.5001"), 0)


def test_what_is_finer_than_an_asset_is_held_is_the_houses(ada: Known, world: World) -> None:
    place = address(ada, "USDC", "ethereum")["address"]
    before = ledger.house_balance(house="DUST", currency="USDC")

    # USDC is held in 8 decimals and the ledger keeps 10; what is finer never came.
    world.tell(
        "chain",
        world.output(
            network="ethereum", asset="USDC", address=place.lower(), confirmations=64,
            amount="9.234567891234567891",
        ),
    )  # fmt: skip

    assert balance(ada, "USDC")[0] == Decimal("9.23456789")
    dust = ledger.house_balance(house="DUST", currency="USDC") - before
    assert dust == Decimal("0.0000000012")
    books_hold(ada)


def test_on_a_network_with_memos_the_memo_says_whose_it_is(ada: Known, world: World) -> None:
    bob = new_customer(country="BR")
    adas, bobs = address(ada, "XRP", "xrp"), address(bob, "XRP", "xrp")
    assert adas["address"] == bobs["address"]
    assert adas["memo"] != bobs["memo"]
    facts = {
        "network": "xrp", "asset": "XRP", "amount": "25", "address": adas["address"],
        "confirmations": 1,
    }  # fmt: skip

    world.tell("chain", world.output(**facts, memo=bobs["memo"]))
    world.tell("chain", world.output(**facts, transaction="without"))

    assert balance(bob, "XRP") == (25, 0)
    assert balance(ada, "XRP") == (0, 0)
    assert Case.objects.get().kind == "receipt_unmatched"


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": "1e5"}, {"amount": 5}, {"amount": "-1"}, {"amount": "٣"}, {"amount": ""},
        {"asset": "NOPE"}, {"asset": "EUR"}, {"network": "nope"}, {"address": "1A1zP1"},
        {"confirmations": -1}, {"confirmations": "3"}, {"output": None}, {"transaction": ""},
        {"transaction": "a\u202eb"},
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_read_moves_nothing_and_is_a_case(
    ada: Known, world: World, facts: dict[str, Any]
) -> None:
    place = address(ada)["address"]

    world.tell("chain", world.output(**{"address": place, "confirmations": 9} | facts))

    assert Case.objects.get().kind == "funding.event_refused"
    assert balance(ada, "BTC") == (Decimal("0.5"), 0)
    assert not InboxEvent.objects.filter(provider="chain", processed_at=None).exists()


def test_two_stories_of_one_transfer_are_a_case(ada: Known, world: World) -> None:
    event = world.transfer(iban=account(ada)["iban"])
    other = world.event("transfer.received", event["data"] | {"amount": "9999.00"})

    world.tell("bank", event, other)

    assert balance(ada, "EUR") == (1250, 0)
    assert Case.objects.get().kind == "receipt_differs"


# --- The doors ------------------------------------------------------------------------------------
@pytest.mark.parametrize("door", ["bank", "chain"])
@pytest.mark.parametrize(
    "header", ["", "t=1,v1=00", "t=1,v1=" + "0" * 64, "v1=" + "0" * 64, "t=x,v1=" + "0" * 64]
)
def test_what_is_not_signed_now_by_our_provider_is_refused(
    world: World, door: str, header: str
) -> None:
    answer = world.post(door, b"{}", header)

    assert (answer.status_code, answer.json()["code"]) == (400, "webhooks.bad_signature")
    assert not InboxEvent.objects.exists()


@pytest.mark.parametrize(
    ("seconds", "status"), [(-295, 200), (-303, 400), (57, 200), (64, 400), (3600, 400)]
)
def test_a_signature_is_good_for_minutes(world: World, seconds: int, status: int) -> None:
    import json
    from datetime import timedelta

    from holdings.funding import signing

    body = json.dumps(world.event("x.y", {})).encode()
    at = clock.now() + timedelta(seconds=seconds)
    header = signing.signature(body, secret="sandbox-bank-secret", at=at)

    assert world.post("bank", body, header).status_code == status
    assert world.post("chain", body, header).status_code == 400


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"{}", b'{"id": 1, "type": "x"}', b'"' * 9])
def test_a_signed_body_that_is_no_event_is_refused(world: World, body: bytes) -> None:
    from holdings.funding import signing

    header = signing.signature(body, secret="sandbox-bank-secret", at=clock.now())

    answer = world.post("bank", body, header)

    assert (answer.status_code, answer.json()["code"]) == (400, "webhooks.malformed_event")


# --- What the tables refuse -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "change", ["amount = 1", "state = 'PENDING'", "state = 'FAILED'", "entry_id = NULL"]
)
def test_a_credited_deposit_stays(ada: Known, world: World, change: str) -> None:
    world.tell("bank", world.transfer(iban=account(ada)["iban"]))

    with pytest.raises(IntegrityError), django_transaction.atomic(), connection.cursor() as db:
        db.execute(f"UPDATE funding_deposit SET {change}")


@pytest.mark.parametrize(
    "change", ["amount = 1", "state = 'PENDING'", "state = 'RETURNING'", "deposit_id = NULL"]
)
def test_a_receipt_stays_what_it_is(ada: Known, world: World, change: str) -> None:
    world.tell("bank", world.transfer(iban=account(ada)["iban"]))

    with pytest.raises(IntegrityError), django_transaction.atomic(), connection.cursor() as db:
        db.execute(f"UPDATE funding_receipt SET {change}")


def test_terms_are_never_edited(ada: Known) -> None:
    with pytest.raises(IntegrityError), django_transaction.atomic():
        RailTerms.objects.update(fee=0)


def test_a_deposit_begins_pending(ada: Known) -> None:
    with pytest.raises(IntegrityError), django_transaction.atomic():
        Deposit.objects.create(
            id=uuid7(), customer=ada.customer, kind="CARD", currency="EUR", amount=1, usd_value=1,
            state="FAILED", created_at=clock.now(),
        )  # fmt: skip
