"""From a preview to the end: set aside, sent once, completed, or given back to the last digit."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction

from cards.issuing.models import Card
from holdings.funding.models import Destination, PaperPayout, Withdrawal
from holdings.funding.providers import provider_named
from holdings.funding.services import release, sending
from holdings.ledger import services as ledger
from holdings.ledger.models import JournalEntry
from holdings.lots.models import Lot
from krak.approvals import services as approvals
from krak.cases.models import Case
from krak.core import clock
from krak.core.ids import read, uuid7
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.notifications.models import Notification
from tests.funding.world import BITCOIN, World, balance, books_hold, save, withdraw, work
from tests.people import Known, new_customer
from tests.staff import staff

pytestmark = pytest.mark.django_db


def kinds(known: Known) -> list[str]:
    rows = Notification.objects.filter(customer=known.customer).order_by("id")
    return list(rows.values_list("kind", flat=True))


def test_money_is_set_aside_sent_and_completed(ada: Known, world: World) -> None:
    destination = save(ada)

    made = withdraw(ada, destination, "100", "EUR", "0")

    assert made.status_code == 201, made.content
    assert made.json()["state"] == "ready"
    assert balance(ada, "EUR") == (1000, 100)
    work()
    shown = ada.get(f"/v1/withdrawals/{made.json()['id']}").json()
    assert (shown["state"], shown["cancelable"]) == ("sent", False)
    assert balance(ada, "EUR") == (900, 0)
    world.tell("bank", world.payout("completed", made.json()["id"]))
    assert ada.get(f"/v1/withdrawals/{made.json()['id']}").json()["state"] == "completed"
    assert PaperPayout.objects.get().amount == 100
    assert kinds(ada) == ["destination.added", "withdrawal.sent", "withdrawal.completed"]
    books_hold(ada)


def test_the_fee_is_shown_first_and_goes_to_the_house(ada: Known) -> None:
    destination = save(ada, rail="bitcoin", account=BITCOIN)
    body = {"destination": destination, "amount": "0.01", "currency": "BTC"}
    preview = ada.send("/v1/withdrawals/preview", body).json()
    # 2.50 dollars at 50,000.
    assert preview["fee"] == {"amount": "0.00005", "currency": "BTC"}
    assert preview["total"] == {"amount": "0.01005", "currency": "BTC"}

    made = withdraw(ada, destination, "0.01", "BTC", "0.00005")
    work()

    entry = JournalEntry.objects.get(kind="WITHDRAWAL", customer=ada.customer)
    legs = {(p.house or "customer", p.side, p.amount) for p in entry.postings.all()}
    assert legs == {
        ("customer", "DEBIT", Decimal("0.01005")),
        ("CUSTODY", "CREDIT", Decimal("0.01")),
        ("FEES", "CREDIT", Decimal("0.00005")),
    }
    assert entry.details == {
        "withdrawal": made.json()["id"], "rail": "bitcoin",
        "provider_reference": Withdrawal.objects.get().provider_reference,
    }  # fmt: skip
    books_hold(ada)


def test_a_fee_that_rose_since_is_refused_and_a_lower_one_taken(ada: Known, market: Any) -> None:
    destination = save(ada, rail="bitcoin", account=BITCOIN)

    refused = withdraw(ada, destination, "0.01", "BTC", "0.00004")
    taken = withdraw(ada, destination, "0.01", "BTC", "0.0001")

    assert (refused.status_code, refused.json()["code"]) == (409, "funding.fee_changed")
    assert taken.json()["fee"]["amount"] == "0.00005"


@pytest.mark.parametrize("state", ["failed", "returned"])
def test_what_fails_after_it_was_sent_comes_back_with_its_fee_and_its_lots(
    ada: Known, world: World, state: str
) -> None:
    destination = save(ada, rail="bitcoin", account=BITCOIN)
    before = list(
        Lot.objects.filter(customer=ada.customer, currency="BTC").values_list("acquired_at", "cost")
    )
    made = withdraw(ada, destination, "0.1", "BTC", "0.00005")
    work()

    world.tell("chain", world.payout(state, made.json()["id"], reason="rejected"))

    shown = ada.get(f"/v1/withdrawals/{made.json()['id']}").json()
    assert (shown["state"], shown["failure"]) == (state, "rejected")
    assert balance(ada, "BTC") == (Decimal("0.5"), 0)
    left = Lot.objects.filter(customer=ada.customer, currency="BTC", remaining__gt=0)
    assert {each.acquired_at for each in left} == {at for at, _cost in before}
    assert sum(each.cost_remaining for each in left) == sum(cost for _at, cost in before)
    books_hold(ada)


def test_what_the_provider_refuses_is_free_again(ada: Known) -> None:
    destination = save(ada, holder="Please refuse")
    made = withdraw(ada, destination, "100", "EUR", "0")

    work()

    shown = ada.get(f"/v1/withdrawals/{made.json()['id']}").json()
    assert shown["state"] == "failed"
    assert balance(ada, "EUR") == (1000, 0)
    assert kinds(ada) == ["destination.added", "withdrawal.failed"]
    assert JournalEntry.objects.filter(kind="WITHDRAWAL", customer=ada.customer).count() == 0


def test_it_can_be_canceled_until_it_is_sent(ada: Known) -> None:
    destination = save(ada)
    first = withdraw(ada, destination, "100", "EUR", "0").json()["id"]

    canceled = [ada.send(f"/v1/withdrawals/{first}/cancel") for _ in range(2)]

    assert [(c.status_code, c.json()["state"]) for c in canceled] == [(200, "canceled")] * 2
    assert balance(ada, "EUR") == (1000, 0)
    work()
    assert PaperPayout.objects.count() == 0
    second = withdraw(ada, destination, "100", "EUR", "0").json()["id"]
    work()
    late = ada.send(f"/v1/withdrawals/{second}/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "funding.already_sent")


def test_more_than_is_there_is_refused_to_the_last_cent(ada: Known) -> None:
    destination = save(ada)

    refused = withdraw(ada, destination, "1000.01", "EUR", "0")

    assert (refused.status_code, refused.json()["code"]) == (422, "trading.insufficient_funds")
    assert refused.json()["facts"]["available"] == "1000"
    assert withdraw(ada, destination, "1000", "EUR", "0").status_code == 201


# --- Step-up --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "other", [{"amount": "101"}, {"currency": "USD"}, {"fee": "1"}, {"destination": "dst_other"}]
)
def test_a_proof_for_another_amount_or_payee_does_not_serve(
    ada: Known, other: dict[str, str]
) -> None:
    destination = save(ada)
    body = {"destination": destination, "amount": "100", "currency": "EUR", "fee": "0"}
    from tests.funding.world import post

    refused = post(ada, "/v1/withdrawals", body, "withdraw", body | other)

    assert (refused.status_code, refused.json()["code"]) == (403, "identity.step_up_required")
    assert refused.json()["facts"]["subject"] == body
    assert balance(ada, "EUR") == (1000, 0)


def test_nothing_leaves_and_no_destination_is_saved_without_a_proof(ada: Known) -> None:
    destination = save(ada)
    body = {"destination": destination, "amount": "100", "currency": "EUR", "fee": "0"}
    assert ada.send("/v1/withdrawals", body).json()["code"] == "identity.step_up_required"
    body = {"rail": "bitcoin", "account": BITCOIN}
    assert ada.send("/v1/destinations", body).json()["code"] == "identity.step_up_required"
    assert Destination.objects.filter(customer=ada.customer).count() == 1


# --- Limits ---------------------------------------------------------------------------------------
def test_a_new_destination_takes_only_little_until_it_has_cooled_down(ada: Known) -> None:
    destination = save(ada, cool=False)

    assert withdraw(ada, destination, "60", "EUR", "0").status_code == 201
    refused = withdraw(ada, destination, "60", "EUR", "0")

    assert refused.json()["code"] == "funding.destination_cooling_down"
    # 100 dollars less 60 euros at 1.10.
    assert refused.json()["facts"]["left_usd"] == "34"


def test_the_limit_of_the_level_counts_what_is_on_its_way(market: Any) -> None:
    known = new_customer(cash="40000", country="BR")
    destination = save(known)
    # Level 2: 25,000 a day; approval above 10,000.
    for _ in range(2):
        assert withdraw(known, destination, "9990", "USD", "1").status_code == 201

    refused = withdraw(known, destination, "5100", "USD", "1")

    assert (refused.status_code, refused.json()["code"]) == (422, "customers.limit_passed")
    assert withdraw(known, destination, "5000", "USD", "1").status_code == 201


def test_what_was_canceled_or_failed_does_not_count(market: Any, world: World) -> None:
    known = new_customer(cash="40000", country="BR")
    destination = save(known)
    made = [withdraw(known, destination, "9990", "USD", "1").json()["id"] for _ in range(2)]
    known.send(f"/v1/withdrawals/{made[0]}/cancel")
    work()
    world.tell("bank", world.payout("failed", made[1], reason="closed"))

    assert withdraw(known, destination, "9990", "USD", "1").status_code == 201


def test_nothing_leaves_while_a_balance_is_negative(market: Any) -> None:
    known = new_customer(cash="-5", holdings={"EUR": "100"}, country="BR")
    destination = save(known)

    refused = withdraw(known, destination, "50", "EUR", "0")

    assert refused.json()["code"] == "funding.balance_negative"
    assert refused.json()["facts"]["currencies"] == ["USD"]


def test_a_frozen_account_sends_nothing_and_what_was_not_sent_stays(ada: Known) -> None:
    destination = save(ada)
    made = withdraw(ada, destination, "100", "EUR", "0").json()["id"]
    with transaction():
        customers.freeze(customer_id=ada.customer.id, reason="check", now=clock.now())

    work()

    assert Withdrawal.objects.get(id=read("wdr", made)).state == "CANCELED"
    assert balance(ada, "EUR") == (1000, 0)
    assert PaperPayout.objects.count() == 0


# --- Two people -----------------------------------------------------------------------------------
def large(known: Known) -> Withdrawal:
    made = withdraw(known, save(known), "12000", "USD", "1")
    assert made.json()["state"] == "awaiting_approval", made.content
    return Withdrawal.objects.get(id=read("wdr", made.json()["id"]))


def test_a_large_one_is_sent_once_two_people_agreed(market: Any) -> None:
    known = new_customer(cash="20000", country="BR")
    row = large(known)
    work()
    assert PaperPayout.objects.count() == 0
    assert Case.objects.get(kind="withdrawal_to_approve").customer_id == known.customer.id
    maker, checker = staff("funding.propose_withdrawal"), staff("funding.approve_withdrawal")

    proposal = release.propose_release(
        withdrawal_id=row.id, reason="called back", by=maker, now=clock.now()
    )
    with pytest.raises(approvals.OwnProposal):
        approvals.approve(
            proposal_id=proposal.id, content_hash=proposal.content_hash, by=maker, note="ok",
            now=clock.now(),
        )  # fmt: skip
    approvals.approve(
        proposal_id=proposal.id, content_hash=proposal.content_hash, by=checker, note="ok",
        now=clock.now(),
    )  # fmt: skip
    work()

    row.refresh_from_db()
    assert row.state == "SENT"
    assert balance(known, "USD") == (7999, 0)
    assert Case.objects.get(kind="withdrawal_to_approve").status == "CLOSED"


def test_a_large_one_that_is_rejected_gives_the_money_back(market: Any) -> None:
    known = new_customer(cash="20000", country="BR")
    row = large(known)
    maker, checker = staff("funding.propose_withdrawal"), staff("funding.approve_withdrawal")
    proposal = release.propose_release(withdrawal_id=row.id, reason="?", by=maker, now=clock.now())

    approvals.reject(proposal_id=proposal.id, by=checker, note="no", now=clock.now())
    work()

    row.refresh_from_db()
    assert (row.state, row.failure) == ("CANCELED", "Not approved.")
    assert balance(known, "USD") == (20000, 0)
    assert PaperPayout.objects.count() == 0


def test_one_that_was_canceled_cannot_be_released(market: Any) -> None:
    known = new_customer(cash="20000", country="BR")
    row = large(known)
    maker, checker = staff("funding.propose_withdrawal"), staff("funding.approve_withdrawal")
    proposal = release.propose_release(withdrawal_id=row.id, reason="?", by=maker, now=clock.now())
    known.send(f"/v1/withdrawals/wdr_{known_id(row)}/cancel")

    with pytest.raises(release.NotWaiting):
        approvals.approve(
            proposal_id=proposal.id, content_hash=proposal.content_hash, by=checker, note="ok",
            now=clock.now(),
        )  # fmt: skip


def known_id(row: Withdrawal) -> str:
    from krak.core.ids import show

    return show("wdr", row.id).removeprefix("wdr_")


# --- The provider ---------------------------------------------------------------------------------
def test_events_of_a_withdrawal_may_come_twice_late_and_shuffled(ada: Known, world: World) -> None:
    destination = save(ada)
    made = withdraw(ada, destination, "100", "EUR", "0").json()["id"]
    work()
    completed, returned = (
        world.payout("completed", made),
        world.payout("returned", made, reason="account closed"),
    )

    world.tell("bank", returned, completed, returned, completed, world.payout("taken", made))

    row = Withdrawal.objects.get(id=read("wdr", made))
    assert row.state == "RETURNED"
    assert balance(ada, "EUR") == (1000, 0)
    assert not Case.objects.exists()
    books_hold(ada)


def test_an_event_that_contradicts_an_end_moves_nothing_and_is_a_case(
    ada: Known, world: World
) -> None:
    made = withdraw(ada, save(ada), "100", "EUR", "0").json()["id"]
    work()
    world.tell("bank", world.payout("completed", made))

    world.tell("bank", world.payout("failed", made, reason="?"))

    assert Withdrawal.objects.get(id=read("wdr", made)).state == "COMPLETED"
    assert Case.objects.get().kind == "withdrawal_contradicted"
    assert balance(ada, "EUR") == (900, 0)


def test_a_worker_that_died_after_the_call_sends_nothing_more(ada: Known) -> None:
    made = withdraw(ada, save(ada), "100", "EUR", "0").json()["id"]
    row = Withdrawal.objects.get(id=read("wdr", made))
    # Written down and sent, and then nobody was there to hear the answer.
    begun = sending._begin(row.id, now=clock.now())
    assert begun is not None
    provider_named("paper").send(sending._payout(begun), now=clock.now())

    work()

    row.refresh_from_db()
    payout = PaperPayout.objects.get()
    assert (row.state, payout.asked) == ("SENT", 2)
    assert balance(ada, "EUR") == (900, 0)


def test_what_hangs_is_asked_about_and_sent_again_by_the_same_key(ada: Known) -> None:
    made = withdraw(ada, save(ada), "100", "EUR", "0").json()["id"]
    row = Withdrawal.objects.get(id=read("wdr", made))
    sending._begin(row.id, now=clock.now())
    from krak.core.outbox.models import OutboxMessage

    OutboxMessage.objects.filter(topic="funding.send").update(dead_at=clock.now())

    assert sending.follow(now=clock.now()) == 0
    assert sending.follow(now=clock.now() + timedelta(minutes=5)) == 1
    work()

    row.refresh_from_db()
    assert (row.state, PaperPayout.objects.get().asked) == ("SENT", 1)


def test_a_capture_that_overdrew_the_account_keeps_an_unsent_withdrawal_here(ada: Known) -> None:
    made = withdraw(ada, save(ada), "1000", "EUR", "0").json()["id"]
    take_by_force(ada, "EUR", Decimal(300))

    work()

    row = Withdrawal.objects.get(id=read("wdr", made))
    assert row.state == "CANCELED"
    assert balance(ada, "EUR") == (700, 0)


def test_a_capture_after_it_was_sent_overdraws_and_the_withdrawal_stands(
    ada: Known, world: World
) -> None:
    made = withdraw(ada, save(ada), "1000", "EUR", "0").json()["id"]
    row = Withdrawal.objects.get(id=read("wdr", made))
    sending._begin(row.id, now=clock.now())
    take_by_force(ada, "EUR", Decimal(300))

    world.tell("bank", world.payout("completed", made))

    row.refresh_from_db()
    assert row.state == "COMPLETED"
    assert balance(ada, "EUR") == (-300, 0)


def take_by_force(known: Known, currency: str, amount: Decimal) -> None:
    from holdings.funding.services.books import Movement, debit

    with transaction():
        ledger.lock_books([known.customer.id])
        debit(
            Movement(
                customer_id=known.customer.id, currency=currency, amount=amount,
                cause=f"test:{uuid7()}", kind="TEST", details={}, event_at=clock.now(),
            ),
            forced=True, now=clock.now(),
        )  # fmt: skip


# --- What the tables refuse -----------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        "amount = 1", "destination_id = gen_random_uuid()", "state = 'SENT'", "state = 'FAILED'",
        "state = 'COMPLETED'", "fee = 3", "sending_at = now()", "ended_at = now()",
    ],
)  # fmt: skip
def test_a_withdrawal_goes_no_other_way(ada: Known, change: str) -> None:
    withdraw(ada, save(ada), "100", "EUR", "0")

    with pytest.raises(IntegrityError), django_transaction.atomic(), connection.cursor() as db:
        db.execute(f"UPDATE funding_withdrawal SET {change}")


@pytest.mark.parametrize("table", ["withdrawal", "destination", "railterms"])
def test_nothing_is_deleted(ada: Known, table: str) -> None:
    withdraw(ada, save(ada), "100", "EUR", "0")

    with connection.cursor() as db:
        db.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for order in (f"DELETE FROM funding_{table}", f"TRUNCATE funding_{table} CASCADE"):
        with pytest.raises(IntegrityError), django_transaction.atomic(), connection.cursor() as db:
            db.execute(order)


def test_a_withdrawal_goes_to_no_destination_of_another(ada: Known) -> None:
    bob = new_customer(cash="10", country="BR")
    destination = Destination.objects.get(id=read("dst", save(bob)))

    with pytest.raises(IntegrityError), django_transaction.atomic():
        Withdrawal.objects.create(
            id=uuid7(), customer=ada.customer, destination=destination, rail="bank",
            currency="EUR", amount=1, fee=0, usd_value=1, state="READY", provider="paper",
            created_at=clock.now(),
        )  # fmt: skip


def test_a_destination_leads_where_it_led(ada: Known) -> None:
    save(ada)

    with pytest.raises(IntegrityError), django_transaction.atomic():
        Destination.objects.update(account="DE02120300000000202051")


def test_cards_see_what_is_set_aside_as_gone(ada: Known) -> None:
    assert Card.objects.filter(customer=ada.customer).exists()
    withdraw(ada, save(ada), "4000", "USD", "1")

    wallet = {w["currency"]: w for w in ada.get("/v1/balances").json()["results"]}["USD"]

    assert wallet["available"]["amount"] == "999.00"
