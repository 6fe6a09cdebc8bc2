"""How the fake speaks: keys, errors, repeats, pages, forms."""

import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from krak.sandbox.issuer import forms
from krak.sandbox.issuer.errors import StripeProblem
from tests.issuer import FakeIssuer, Recorder, client_of
from tests.sandbox.conftest import ADDRESS

KEY = {"Authorization": "Bearer sk_test_sandbox"}


def _error(call: Callable[[], Any]) -> stripe.StripeError:
    with pytest.raises(stripe.StripeError) as caught:
        call()
    return caught.value


# --- Who asks ------------------------------------------------------------------------------------
def test_a_wrong_key_is_refused_and_not_repeated_aloud(issuer: FakeIssuer) -> None:
    error = _error(client_of(issuer.url, "sk_test_wrong").v1.balance.retrieve)

    assert isinstance(error, stripe.AuthenticationError)
    assert error.user_message == "Invalid API Key provided: sk_test_****"


def test_no_key_is_refused_and_basic_is_taken(issuer: FakeIssuer) -> None:
    address = f"{issuer.url}/v1/balance"

    assert httpx.get(address).status_code == 401
    assert httpx.get(address, auth=("sk_test_sandbox", "")).status_code == 200
    assert httpx.get(address, headers={"Authorization": "Basic !"}).status_code == 401


def test_every_answer_names_its_request_and_version(issuer: FakeIssuer) -> None:
    answer = httpx.get(f"{issuer.url}/v1/balance", headers=KEY | {"Stripe-Version": "2020-03-02"})

    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2020-03-02"


# --- Errors --------------------------------------------------------------------------------------
def test_an_unknown_id_is_404_in_an_address_and_400_in_a_parameter(issuer: FakeIssuer) -> None:
    missing = _error(lambda: issuer.v1.issuing.cards.retrieve("ic_nothing"))
    named = _error(
        lambda: issuer.v1.issuing.cards.create(
            {"cardholder": "ich_nothing", "currency": "usd", "type": "virtual"}
        )
    )

    assert (missing.http_status, missing.code) == (404, "resource_missing")
    assert missing.user_message == "No such issuing card: 'ic_nothing'"
    assert (named.http_status, named.code) == (400, "resource_missing")
    assert isinstance(named, stripe.InvalidRequestError)
    assert named.param == "cardholder"


def test_an_id_of_another_kind_names_nothing(issuer: FakeIssuer, cardholder: Any) -> None:
    assert _error(lambda: issuer.v1.issuing.cards.retrieve(cardholder.id)).http_status == 404


GOOD = {"name": "Jenny", "billing": {"address": ADDRESS}}


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"name": None}, "parameter_missing", "name"),
        ({"name": ""}, "parameter_invalid_empty", "name"),
        ({"name": "N" * 25}, "parameter_invalid_string", "name"),
        ({"status": "blocked"}, "parameter_invalid", "status"),
        ({"email": "nobody"}, "parameter_invalid", "email"),
        ({"phone_number": "0800"}, "parameter_invalid", "phone_number"),
        ({"billing": {"address": {"city": "X"}}}, "parameter_missing", "billing[address][country]"),
        ({"billing": "here"}, "parameter_invalid", "billing"),
        (
            {"individual": {"dob": {"day": 32, "month": 1, "year": 1990}}},
            "parameter_invalid_integer",
            "individual[dob][day]",
        ),
        ({"metadata": "x"}, "parameter_invalid", "metadata"),
        ({"preferred_locales": "en"}, "parameter_invalid", "preferred_locales"),
    ],
)
def test_bad_input_is_refused_as_stripe_refuses_it(
    issuer: FakeIssuer, wrong: dict[str, Any], code: str, param: str
) -> None:
    asked = {name: value for name, value in (GOOD | wrong).items() if value is not None}

    error = _error(lambda: issuer.v1.issuing.cardholders.create(asked))

    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert issuer.v1.issuing.cardholders.list().data == []
    assert issuer.v1.events.list().data == []


def test_an_unknown_address_is_404(issuer: FakeIssuer) -> None:
    error = _error(issuer.v1.charges.list)

    assert error.http_status == 404
    assert error.user_message == "Unrecognized request URL (GET: /v1/charges)."


@pytest.mark.parametrize(
    "path", ["", ".name", "cardholder.name", "cardholder.billing.address.city"]
)
def test_what_cannot_be_expanded_is_refused(issuer: FakeIssuer, card: Any, path: str) -> None:
    answer = httpx.get(
        f"{issuer.url}/v1/issuing/cards/{card.id}", params={"expand[]": path}, headers=KEY
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("expand")


def test_a_body_that_is_too_large_is_refused(issuer: FakeIssuer) -> None:
    body = b"a" * (1024 * 1024 + 1)

    assert httpx.post(f"{issuer.url}/v1/topups", content=body, headers=KEY).status_code == 413


def test_calls_fail_as_often_as_a_test_wants(issuer: FakeIssuer) -> None:
    issuer.control.failures(times=2, status=503, path="/v1/topups")

    assert issuer.v1.balance.retrieve()
    for _ in range(2):
        error = _error(issuer.v1.topups.list)
        assert (error.http_status, type(error)) == (503, stripe.APIError)
    assert issuer.v1.topups.list().data == []


# --- Repeats -------------------------------------------------------------------------------------
def test_the_same_key_has_one_effect_and_one_answer(issuer: FakeIssuer) -> None:
    again = {"idempotency_key": "cardholder-1"}

    first = issuer.v1.issuing.cardholders.create(GOOD, again)
    second = issuer.v1.issuing.cardholders.create(GOOD, again)

    assert second == first
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(issuer.v1.issuing.cardholders.list().data) == 1


def test_the_same_key_for_something_else_is_refused(issuer: FakeIssuer) -> None:
    again = {"idempotency_key": "cardholder-1"}
    issuer.v1.issuing.cardholders.create(GOOD, again)

    error = _error(lambda: issuer.v1.issuing.cardholders.create(GOOD | {"name": "Other"}, again))

    assert isinstance(error, stripe.IdempotencyError)
    assert error.http_status == 400


def test_a_refused_request_may_be_put_right_under_its_key(issuer: FakeIssuer) -> None:
    again = {"idempotency_key": "cardholder-1"}
    _error(lambda: issuer.v1.issuing.cardholders.create({"name": "Jenny"}, again))

    assert issuer.v1.issuing.cardholders.create(GOOD, again).name == "Jenny"


def test_a_key_in_use_is_a_conflict(issuer: FakeIssuer, recorder: Recorder, card: Any) -> None:
    entered, leave = threading.Event(), threading.Event()

    def decide(_event: Any) -> dict[str, Any]:
        entered.set()
        leave.wait(5)
        return {"approved": True}

    recorder.decide = decide
    asked = {"card": card.id, "amount": 100}
    authorizations = issuer.v1.test_helpers.issuing.authorizations
    first = threading.Thread(
        target=lambda: authorizations.create(asked, {"idempotency_key": "tap"})
    )
    first.start()
    assert entered.wait(5)

    error = _error(lambda: authorizations.create(asked, {"idempotency_key": "tap"}))
    leave.set()
    first.join()

    assert error.http_status == 409
    assert json.loads(str(error.http_body))["error"]["code"] == "idempotency_key_in_use"
    [made] = issuer.v1.issuing.authorizations.list()
    assert authorizations.create(asked, {"idempotency_key": "tap"}).id == made.id
    assert len(recorder.asked) == 1


def test_an_answer_that_is_lost_is_had_by_the_clients_retry(issuer: FakeIssuer) -> None:
    issuer.control.failures(times=1, path="/v1/issuing", lose_answer=True)

    v1: Any = client_of(issuer.url, max_network_retries=2).v1
    made = v1.issuing.cardholders.create(GOOD)

    assert [found.id for found in issuer.v1.issuing.cardholders.list()] == [made.id]


# --- Pages ---------------------------------------------------------------------------------------
@pytest.fixture
def topups(issuer: FakeIssuer) -> list[str]:
    """Return seven top-ups of 1 to 7 cents, the newest first; two fall in each second."""
    made = []
    for amount in range(1, 8):
        made.append(issuer.v1.topups.create({"amount": amount, "currency": "usd"}).id)
        if amount % 2 == 0:
            issuer.control.advance(100)
    return made[::-1]


def test_a_list_is_walked_forwards_and_backwards(issuer: FakeIssuer, topups: list[str]) -> None:
    listed = issuer.v1.topups.list

    first = listed({"limit": 3})
    assert [found.id for found in first] == topups[:3]
    assert first.has_more
    middle = listed({"limit": 3, "starting_after": topups[2]})
    assert [found.id for found in middle] == topups[3:6]
    back = listed({"limit": 2, "ending_before": topups[3]})
    assert ([found.id for found in back], back.has_more) == (topups[1:3], True)
    start = listed({"limit": 5, "ending_before": topups[1]})
    assert ([found.id for found in start], start.has_more) == (topups[:1], False)
    assert [found.id for found in listed({"limit": 2}).auto_paging_iter()] == topups


def test_a_list_is_bounded_in_time(issuer: FakeIssuer, topups: list[str]) -> None:
    moment = issuer.v1.topups.retrieve(topups[2]).created

    def found(created: Any) -> list[str]:
        return [topup.id for topup in issuer.v1.topups.list({"created": created})]

    older = [i for i in topups if issuer.v1.topups.retrieve(i).created < moment]
    newer = [i for i in topups if issuer.v1.topups.retrieve(i).created > moment]
    assert found({"lt": moment}) == older
    assert found({"gt": moment}) == newer
    assert found({"gte": moment, "lte": moment}) == found(moment)
    assert newer + found(moment) + older == topups
    assert topups[2] in found(moment)


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"starting_after": "tu_nothing"}, "starting_after"),
        ({"starting_after": "a", "ending_before": "b"}, None),
        ({"created[before]": "1"}, "created[before]"),
        ({"created[lt]": "x"}, "created[lt]"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_list_refuses_what_it_cannot_do(
    issuer: FakeIssuer, asked: dict[str, str], param: str | None
) -> None:
    answer = httpx.get(f"{issuer.url}/v1/topups", params=asked, headers=KEY)

    assert answer.status_code == 400
    assert answer.json()["error"].get("param") == param


# --- Forms ---------------------------------------------------------------------------------------
NAMES = st.sampled_from(["amount", "metadata", "card", "line1", "a_b", "x"])
TREES = st.recursive(
    st.text(max_size=10),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


def _encoded(value: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [p for key, part in value.items() for p in _encoded(part, f"{name}[{key}]")]
    if isinstance(value, list):
        return [p for place, part in enumerate(value) for p in _encoded(part, f"{name}[{place}]")]
    return [(name, value)]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_what_a_client_encodes_is_decoded(tree: dict[str, Any]) -> None:
    pairs = [pair for name, value in tree.items() for pair in _encoded(value, name)]

    assert forms.decode(urlencode(pairs)) == tree


def test_a_list_may_be_written_without_places() -> None:
    assert forms.decode("expand[]=a&expand[]=b&x[y][]=c") == {
        "expand": ["a", "b"],
        "x": {"y": ["c"]},
    }


@pytest.mark.parametrize(
    "text", ["a=1&a[b]=2", "a[b]=2&a=1", "a[b=1", "[a]=1", "a=%ff", "a" + "[b]" * 11 + "=1"]
)
def test_a_form_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(StripeProblem) as caught:
        forms.decode(text)

    assert caught.value.status == 400
    assert json.dumps(caught.value.body)
