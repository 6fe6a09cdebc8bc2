"""What the database refuses, whoever writes to its tables."""

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction

from holdings.primary.models import Party, Request
from krak.core import clock
from krak.core.ids import uuid7
from tests.commits import as_at_a_commit
from tests.people import Known, new_customer
from tests.primary.world import (
    EVM_WALLET,
    accept,
    let_in,
    made,
    propose_party,
    redeem,
    subscribe,
    work,
)

pytestmark = pytest.mark.django_db


def refused(statement: str, *values: Any) -> str:
    """Return what the database says against a statement."""
    with (
        pytest.raises(IntegrityError) as problem,
        django_transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
    return str(problem.value)


def change(request: Request, what: str) -> str:
    return refused(f"UPDATE primary_request SET {what} WHERE id = %s", request.id)


def unsaved(ada: Known, **facts: Any) -> Request:
    usual: dict[str, Any] = {
        "id": uuid7(), "customer": ada.customer, "party": Party.objects.get(customer=ada.customer),
        "side": "SUBSCRIPTION", "asset": "AAPLx", "cash": 5000, "usd_value": 5000,
        "state": "REQUESTED", "issuer": "paper", "created_at": clock.now(),
    }  # fmt: skip
    return Request(**usual | facts)


@pytest.mark.parametrize(
    "what",
    [
        "cash = 5001", "asset = 'SPYx'", "side = 'REDEMPTION'", "usd_value = 1", "issuer = 'acme'",
        "created_at = now()", "cash = NULL, units = 5",
    ],
)  # fmt: skip
def test_a_request_keeps_its_terms(ada: Known, what: str) -> None:
    assert "keeps its terms" in change(made(subscribe(ada)), what)


@pytest.mark.parametrize(
    ("state", "what"),
    [
        ("SETTLED", "approved_at = now(), submitted_at = now()"),
        ("FAILED", "approved_at = now(), failure = 'x', ended_at = now()"),
        ("EXPIRED", "ended_at = now()"),
    ],
)  # fmt: skip
def test_a_request_goes_no_other_way(ada: Known, state: str, what: str) -> None:
    said = change(made(subscribe(ada)), f"state = '{state}', {what}")

    assert f"does not go from REQUESTED to {state}" in said


@pytest.mark.parametrize(
    ("what", "rule"),
    [
        ("state = 'APPROVED'", "a_request_is_approved_before_the_issuer_has_it"),
        ("submitted_at = now()", "a_request_is_approved_before_the_issuer_has_it"),
        ("ended_at = now()", "a_primary_request_ends_in_an_end_state"),
        ("state = 'REJECTED', failure = 'x'", "a_primary_request_ends_in_an_end_state"),
        ("state = 'CANCELED', ended_at = now()", "what_did_not_settle_says_why"),
        ("failure = 'x'", "what_did_not_settle_says_why"),
        ("price = 200", "a_settled_request_is_one_entry"),
        ("units = 50", "a_primary_request_gives_first_and_gets_when_settled"),
    ],
)
def test_a_state_its_times_and_its_amounts_fit(ada: Known, what: str, rule: str) -> None:
    assert rule in change(made(subscribe(ada)), what)


@pytest.mark.parametrize(
    ("side", "what", "rule"),
    [
        ("SUBSCRIPTION", "entry_id = NULL", "a_settled_request_is_one_entry"),
        ("SUBSCRIPTION", "price = NULL", "a_settled_request_is_one_entry"),
        ("SUBSCRIPTION", "units = NULL", "a_primary_request_gives_first_and_gets_when_settled"),
        ("REDEMPTION", "cash = NULL", "a_primary_request_gives_first_and_gets_when_settled"),
        ("SUBSCRIPTION", "units = 0", "a_primary_request_is_about_something"),
    ],
)
def test_what_is_settled_has_an_entry_a_price_and_both_amounts(
    ada: Known, side: str, what: str, rule: str
) -> None:
    """Without the trigger, which lets nothing of it change."""
    request = made(subscribe(ada) if side == "SUBSCRIPTION" else redeem(ada))
    accept(request)
    work()
    as_at_a_commit()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE primary_request DISABLE TRIGGER a_request_goes_its_ways")

    assert rule in change(request, what)


@pytest.mark.parametrize("what", ["state = 'FAILED', failure = 'x'", "units = 51", "price = 1"])
def test_what_has_ended_stays_as_it_is(ada: Known, what: str) -> None:
    request = made(subscribe(ada))
    accept(request)
    work()

    said = change(request, what)
    assert "stays as it is" in said or "keeps its terms" in said


def test_it_is_approved_and_given_to_the_issuer_once(ada: Known) -> None:
    request = made(subscribe(ada))
    accept(request)

    assert "approved once" in change(request, "approved_at = now() + interval '1 second'")


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"state": "APPROVED", "approved_at": clock.now()}, "begins undecided"),
        ({"cash": None}, "gives_first"),
        ({"cash": -5}, "is_about_something"),
        ({"units": 5}, "gives_first"),
        ({"side": "GIFT"}, "gives_first"),
        ({"side": "REDEMPTION"}, "gives_first"),
    ],
)
def test_a_request_begins_undecided_and_gives_one_thing(
    ada: Known, facts: dict[str, Any], rule: str
) -> None:
    with pytest.raises(IntegrityError, match=rule), django_transaction.atomic():
        unsaved(ada, **facts).save(force_insert=True)


def test_a_request_is_of_its_customers_own_party_that_is_in(ada: Known) -> None:
    other, proposed = new_customer(country="BR"), new_customer(country="BR")
    propose_party(proposed)
    for customer, party in (
        (other.customer, Party.objects.get(customer=ada.customer)),
        (proposed.customer, Party.objects.get(customer=proposed.customer)),
    ):
        with pytest.raises(IntegrityError, match="is of a party"), django_transaction.atomic():
            unsaved(ada, customer=customer, party=party).save(force_insert=True)


def test_nothing_is_deleted(ada: Known) -> None:
    made(subscribe(ada))

    for table in ("primary_request", "primary_party"):
        assert "append-only" in refused(f"DELETE FROM {table}")


# --- Parties -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("what", "said"),
    [
        (f"wallet = '{EVM_WALLET}'", "keeps its wallet"), ("network = 'ink'", "keeps its wallet"),
        ("onboarded_at = now() + interval '1 day'", "keeps its wallet"),
        ("onboarded_at = NULL", "keeps its wallet"),
        ("ended_at = now() + interval '1 day'", "a_party_ends_for_a_reason"),
        ("ended_because = 'x'", "a_party_ends_for_a_reason"),
        ("ended_because = 'x', ended_at = '2020-01-01'", "a_party_ends_for_a_reason"),
        ("wallet = 'erased'", "keeps its wallet"),
    ],
)  # fmt: skip
def test_a_party_keeps_its_wallet_and_ends_for_a_reason(ada: Known, what: str, said: str) -> None:
    statement = f"UPDATE primary_party SET {what} WHERE customer_id = %s"

    assert said in refused(statement, ada.customer.id)


def test_a_party_that_has_ended_does_not_come_back(ada: Known) -> None:
    Party.objects.filter(customer=ada.customer).update(ended_at=clock.now(), ended_because="over")

    statement = (
        "UPDATE primary_party SET ended_at = NULL, ended_because = '' WHERE customer_id = %s"
    )
    assert "stays as it is" in refused(statement, ada.customer.id)


def test_a_customer_is_one_party_with_a_wallet_of_their_own(ada: Known) -> None:
    mine = Party.objects.get(customer=ada.customer)
    other = new_customer(country="BR")
    fresh = {"id": uuid7(), "network": "solana", "created_at": clock.now()}

    with pytest.raises(IntegrityError, match="one_party"), django_transaction.atomic():
        Party.objects.create(customer=ada.customer, wallet="another", **fresh)
    with pytest.raises(IntegrityError, match="one_partys"), django_transaction.atomic():
        Party.objects.create(customer=other.customer, wallet=mine.wallet, **fresh)
    with pytest.raises(IntegrityError, match="begins proposed"), django_transaction.atomic():
        Party.objects.create(
            customer=other.customer, wallet="own", onboarded_at=clock.now(), **fresh
        )
    assert let_in(other).wallet != mine.wallet
