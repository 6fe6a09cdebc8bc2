"""From a fresh account to one that may do everything, and each refusal on the way."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError
from django.db import transaction as django_transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from cards.issuing.models import SpendingProfile
from holdings.ledger import queries as ledger_reads
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.customers import queries, services
from krak.customers.models import (
    Act,
    KycRule,
    Terms,
    TermsAcceptance,
    User,
    Verification,
)
from krak.customers.queries import (
    CountryIneligible,
    EmailUnverified,
    LimitPassed,
    NotVerified,
    TermsRequired,
    permitted,
)
from krak.customers.rules import Allowance
from tests.customers.conftest import customer_of
from tests.identity.phone import Phone
from tests.people import new_customer

pytestmark = pytest.mark.django_db

DOCUMENTS = {"passport": "doc_1", "liveness": "live_1"}


# --- What is permitted ---------------------------------------------------------------------------


def test_each_step_that_is_missing_is_named_in_turn(phone: Phone) -> None:
    customer, now = customer_of(phone), clock.now()
    User.objects.filter(id=customer.user_id).update(email_verified_at=None)
    with pytest.raises(EmailUnverified):
        permitted(customer_of(phone), Act.DEPOSIT, now=now)
    User.objects.filter(id=customer.user_id).update(email_verified_at=now)

    with pytest.raises(TermsRequired) as refused:
        permitted(customer_of(phone), Act.DEPOSIT, now=now)
    in_force = queries.terms_in_force(now=now)
    assert refused.value.facts == {
        "missing": [terms.shown_id for terms in in_force],
        "next": "/v1/terms",
    }
    phone.accept_terms()

    with pytest.raises(NotVerified) as unverified:
        permitted(customer_of(phone), Act.DEPOSIT, now=now)
    assert unverified.value.facts == {
        "act": "deposit",
        "level": 0,
        "required_level": 1,
        "next": "/v1/verifications",
    }
    assert phone.verify(1)["state"] == "approved"
    allowed = permitted(customer_of(phone), Act.DEPOSIT, now=clock.now())
    assert allowed == Allowance("DEPOSIT", 1, "USD", Decimal(1000), Decimal(2500))
    assert phone.verify(2, **DOCUMENTS)["state"] == "approved"
    allowed = permitted(customer_of(phone), Act.TRADE, now=clock.now())
    assert (allowed.level, allowed.per_day) == (2, None)


def test_a_sandbox_customer_may_do_everything(pinned: Any) -> None:
    pinned()
    customer = new_customer().customer

    for act in Act:
        assert permitted(customer, act, now=clock.now()).level == 2


def test_who_moves_to_a_sanctioned_country_may_do_nothing(pinned: Any) -> None:
    pinned()
    customer = new_customer().customer
    customer.country = "KP"

    with pytest.raises(CountryIneligible):
        permitted(customer, Act.PAY, now=clock.now())


def test_an_approval_runs_out(phone: Phone) -> None:
    phone.accept_terms().verify(1)
    later = clock.now() + timedelta(days=5 * 365, seconds=1)
    with transaction():
        assert services.expire(now=later) == 1

    with pytest.raises(NotVerified):
        permitted(customer_of(phone), Act.CARD, now=clock.now())


def test_the_newest_rule_in_force_counts(phone: Phone) -> None:
    phone.accept_terms().verify(1)
    now = clock.now()
    KycRule.objects.create(
        level=1, act=Act.PAY, allowed=True, currency="EUR", per_day=Decimal(7), effective_at=now
    )
    KycRule.objects.create(
        level=1, act=Act.PAY, allowed=False, currency="EUR", effective_at=now + timedelta(days=1)
    )

    assert permitted(customer_of(phone), Act.PAY, now=now).per_day == Decimal(7)
    with pytest.raises(NotVerified):
        permitted(customer_of(phone), Act.PAY, now=now + timedelta(days=2))


@given(
    limit=st.decimals(0, 1000, places=2), day=st.decimals(0, 1000, places=2),
    earlier=st.decimals(0, 1000, places=2),
)  # fmt: skip
def test_a_limit_is_passed_by_the_first_cent_above_it(
    limit: Decimal, day: Decimal, earlier: Decimal
) -> None:
    allowance = Allowance("PAY", 1, "USD", per_day=limit, per_month=None)
    month = day + earlier

    assert allowance.passed(day=day, month=month) == ("day" if day > limit else None)
    monthly = Allowance("PAY", 1, "USD", per_day=None, per_month=limit)
    assert monthly.passed(day=day, month=month) == ("month" if month > limit else None)


def test_a_passed_limit_says_which_and_what_to_do() -> None:
    allowance = Allowance("PAY", 1, "USD", per_day=Decimal(250), per_month=Decimal(1000))
    queries.require_within(allowance, day=Decimal(250), month=Decimal(1000))

    with pytest.raises(LimitPassed) as refused:
        queries.require_within(allowance, day=Decimal(1), month=Decimal("1000.01"))

    assert refused.value.facts == {
        "act": "pay",
        "period": "month",
        "limit": {"amount": "1000", "currency": "USD"},
        "next": "/v1/verifications",
    }


# --- Verification --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_name", "state", "reason"),
    [
        ("Lovelace", "approved", ""),
        ("Rejected", "rejected", "The document could not be read."),
        ("Review", "in_review", "The picture is unclear."),
    ],
)
def test_the_sandboxs_provider_decides_by_the_last_name(
    phone: Phone, last_name: str, state: str, reason: str
) -> None:
    decided = phone.verify(1, last_name=last_name)

    assert (decided["state"], decided["reason"]) == (state, reason)
    assert phone.get("/v1/me").json()["verification_level"] == (1 if state == "approved" else 0)


def test_after_a_rejection_one_tries_again(phone: Phone) -> None:
    phone.verify(1, last_name="Rejected")

    assert phone.verify(1, last_name="Lovelace")["state"] == "approved"
    states = [each["state"] for each in phone.get("/v1/verifications").json()["results"]]
    assert states == ["approved", "rejected"]
    outbox.drain(now=clock.now())
    kinds = [each["kind"] for each in phone.get("/v1/notifications").json()["results"]]
    assert kinds == ["verification_decided", "verification_decided"]


def test_staff_decide_what_is_in_review_and_say_why(phone: Phone) -> None:
    shown = phone.verify(1, last_name="Review")
    found = Verification.objects.get()
    staff = Client()
    boss = User.objects.create_superuser("boss@krak.example", "x")
    staff.force_login(boss)
    page = f"/admin/customers/verification/{found.id}/change/"
    assert staff.get(page).status_code == 200

    staff.post(page, {"decision": "approve", "why": ""})
    found.refresh_from_db()
    assert found.state == "IN_REVIEW"
    staff.post(page, {"decision": "approve", "why": "Seen on a call."})

    found.refresh_from_db()
    assert (found.state, found.reason, found.decided_by) == ("APPROVED", "Seen on a call.", boss)
    assert phone.get(f"/v1/verifications/{shown['id']}").json()["state"] == "approved"
    assert staff.post(page, {"decision": "reject", "why": "No."}).status_code in {302, 403}
    found.refresh_from_db()
    assert found.state == "APPROVED"


def test_what_is_missing_for_a_verification_is_named(phone: Phone) -> None:
    begun = phone.post("/v1/verifications", {"level": 2}).json()
    path = f"/v1/verifications/{begun['id']}/submit"

    incomplete = phone.post(path, {})
    assert (incomplete.status_code, incomplete.json()["code"]) == (
        422,
        "customers.profile_incomplete",
    )
    assert incomplete.json()["facts"]["missing"] == ["first_name", "last_name", "born_on"]
    phone.patch("/v1/me", {"first_name": "Ada", "last_name": "L", "born_on": "1990-12-10"})
    undocumented = phone.post(path, {"documents": [{"kind": "liveness", "reference": "x"}]})
    assert undocumented.json()["code"] == "customers.document_missing"
    assert phone.post("/v1/verifications", {"level": 2}).json()["code"] == (
        "customers.verification_under_way"
    )
    documents = [{"kind": k, "reference": r} for k, r in DOCUMENTS.items()]
    assert phone.post(path, {"documents": documents}).status_code == 200
    assert phone.post(path, {}).json()["code"] == "customers.verification_not_open"
    outbox.drain(now=clock.now())
    assert phone.post("/v1/verifications", {"level": 1}).json()["code"] == (
        "customers.verification_not_needed"
    )


def test_children_are_no_customers_until_their_birthday(phone: Phone) -> None:
    today = clock.now().date()
    born = today.replace(year=today.year - 18) + timedelta(days=1)
    begun = phone.post("/v1/verifications", {"level": 1}).json()
    path = f"/v1/verifications/{begun['id']}/submit"
    told = {"first_name": "Ada", "last_name": "L", "born_on": born.isoformat()}
    phone.patch("/v1/me", told)
    assert phone.post(path, {}).json()["code"] == "customers.too_young"

    phone.patch("/v1/me", {"born_on": (born - timedelta(days=1)).isoformat()})
    assert phone.post(path, {}).status_code == 200


def test_others_verifications_are_not_there(phone: Phone) -> None:
    shown = phone.verify(1)["id"]
    stranger = Phone().sign_up()

    for path in (f"/v1/verifications/{shown}", "/v1/verifications/nonsense"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (
            404,
            "customers.verification_not_found",
        )
    assert stranger.post(f"/v1/verifications/{shown}/submit", {}).status_code == 404


# --- After that ----------------------------------------------------------------------------------


def test_a_fresh_customer_has_a_deposit_a_cardholder_and_preferences(
    phone: Phone, pinned: Any
) -> None:
    pinned({"BTC": "50000"})
    phone.accept_terms().verify(1)
    shown = phone.get("/v1/me").json()["id"]
    deposit = Client().post(
        f"/v1/sandbox/customers/{shown}/deposits",
        {"amount": "25.00"},
        content_type="application/json",
    )
    assert deposit.status_code == 201, deposit.content
    assert phone.get("/v1/balances").json()["results"][0]["posted"] == {
        "amount": "25.00",
        "currency": "EUR",
    }
    preferences = {
        "display_currency": "USD",
        "spend_order": ["EUR", "BTC"],
        "excluded": ["ETH"],
        "cashback_asset": "BTC",
    }
    assert phone.get("/v1/preferences").json()["spend_order"] is None
    assert phone.put("/v1/preferences", preferences).status_code == 200
    assert phone.get("/v1/preferences").json() == {"object": "preferences", **preferences}
    assert not ledger_reads.breaks(customer_id=customer_of(phone).id)


def test_a_reward_is_what_its_owner_may_buy_where_they_live(pinned: Any) -> None:
    pinned({"AAPLx": "200"})
    known = new_customer(cash="1", country="GB")
    wanted: dict[str, Any] = {
        "display_currency": "USD", "spend_order": None, "excluded": [], "cashback_asset": "AAPLx",
    }  # fmt: skip
    refused = known.send("/v1/preferences", wanted, method="put")
    assert (refused.status_code, refused.json()["code"]) == (422, "eligibility.not_eligible")

    # Whoever has it already keeps it, and changes the rest.
    SpendingProfile.objects.filter(customer=known.customer).update(cashback_asset="AAPLx")
    kept = known.send("/v1/preferences", wanted | {"excluded": ["BTC"]}, method="put")
    assert (kept.status_code, kept.json()["excluded"]) == (200, ["BTC"])


def test_a_card_is_ordered_by_somebody_verified_only(phone: Phone) -> None:
    order, key = {"type": "virtual"}, {"Idempotency-Key": "k1"}
    refused = phone.post("/v1/cards", order, **key)
    assert (refused.status_code, refused.json()["code"]) == (403, "customers.terms_required")

    phone.accept_terms()
    assert phone.post("/v1/cards", order, **key).json()["code"] == (
        "customers.verification_required"
    )
    phone.verify(1)
    # The next thing that is missing, after all of that.
    assert phone.post("/v1/cards", order, **key).json()["code"] == "cards.cardholder_missing"


@pytest.mark.parametrize(
    "wanted",
    [
        {"spend_order": ["BTC", "BTC"]},
        {"excluded": ["NOPE"]},
        {"cashback_asset": None},
        {"display_currency": "btc"},
        {"blocked_mccs": []},
    ],
)
def test_odd_preferences_are_field_errors(phone: Phone, wanted: Any) -> None:
    body: dict[str, Any] = {
        "display_currency": "USD",
        "spend_order": None,
        "excluded": [],
        "cashback_asset": "BTC",
    }
    refused = phone.put("/v1/preferences", body | wanted)

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"].startswith(next(iter(wanted)))


# --- The database's own rules --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"state": "STARTED"}, "does not go from"),
        ({"state": "REJECTED"}, "does not go from"),
        ({"level": 2}, "of one customer and one level"),
        ({"decided_at": None}, "a_rejection_has_a_reason"),
    ],
)
def test_the_database_keeps_what_was_decided(phone: Phone, change: Any, rule: str) -> None:
    phone.verify(1)
    with pytest.raises(IntegrityError, match=rule), django_transaction.atomic():
        Verification.objects.update(**change)


@pytest.mark.parametrize("model", [TermsAcceptance, Terms, KycRule, Verification])
def test_the_database_forgets_nothing(phone: Phone, model: Any) -> None:
    phone.accept_terms().verify(1)
    with (
        pytest.raises((IntegrityError, InternalError), match="history is kept"),
        django_transaction.atomic(),
    ):
        model.objects.all()._raw_delete("default")


def test_the_database_keeps_one_attempt_open(phone: Phone) -> None:
    phone.post("/v1/verifications", {"level": 1})
    found = Verification.objects.get()
    with (
        pytest.raises(IntegrityError, match="one_attempt_at_a_level_is_open"),
        django_transaction.atomic(),
    ):
        Verification.objects.create(
            customer=found.customer, level=1, provider="sandbox", started_at=clock.now()
        )
