"""One effect per key: what is answered again, what is refused, and fifty at once."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test import Client
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from holdings.ledger import queries as ledger
from krak.api.idempotency import once
from krak.api.parsing import StrictJSONParser
from krak.core import clock
from krak.core.idempotency import services
from krak.core.idempotency.models import KeptAnswer
from krak.core.transactions import transaction
from krak.customers.models import Customer
from tests.people import new_customer


def _deposit(client: Client, customer: Customer, amount: str, key: str | None = "k1") -> Any:
    return client.post(
        f"/v1/sandbox/customers/{customer.shown_id}/deposits",
        {"amount": amount},
        content_type="application/json",
        headers={} if key is None else {"Idempotency-Key": key},
    )


def _posted(customer: Customer) -> Decimal:
    return ledger.balances(customer_id=customer.id)["USD"].posted


@pytest.fixture
def customer(db: None, pinned: Any) -> Customer:
    pinned()
    return new_customer(cash="100").customer


def test_without_a_key_every_request_takes_effect(client: Client, customer: Customer) -> None:
    for _ in range(2):
        assert _deposit(client, customer, "5", key=None).status_code == 201

    assert _posted(customer) == Decimal(110)
    assert not KeptAnswer.objects.exists()


def test_the_same_request_again_gets_the_first_answer(client: Client, customer: Customer) -> None:
    first = _deposit(client, customer, "5")
    _deposit(client, customer, "1", key="another")
    second = _deposit(client, customer, "5")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert _posted(customer) == Decimal(106)


def test_spaces_and_order_make_no_other_body(client: Client, customer: Customer) -> None:
    _deposit(client, customer, "5")
    second = client.post(
        f"/v1/sandbox/customers/{customer.shown_id}/deposits",
        '{  "amount":"5"}',
        content_type="application/json",
        headers={"Idempotency-Key": "k1"},
    )

    assert second.headers["Idempotent-Replayed"] == "true"
    assert _posted(customer) == Decimal(105)


def test_the_same_key_with_another_body_is_refused(client: Client, customer: Customer) -> None:
    _deposit(client, customer, "5")
    second = _deposit(client, customer, "6")

    body = second.json()
    assert (second.status_code, body["code"]) == (422, "idempotency.key_reused")
    first_used_at = KeptAnswer.objects.get(owner=customer.id).created_at.isoformat()
    assert body["facts"] == {"first_used_at": first_used_at.replace("+00:00", "Z")}
    assert body["retryable"] is False
    assert _posted(customer) == Decimal(105)


def test_the_same_key_on_another_path_is_refused() -> None:
    asked: dict[str, Any] = {"method": "POST", "body": {}}
    assert services.fingerprint(path="/a", **asked) != services.fingerprint(path="/b", **asked)
    assert services.fingerprint(path="/a", method="PUT", body={}) != services.fingerprint(
        path="/a", **asked
    )


def test_the_key_of_another_owner_is_another_key(client: Client, customer: Customer) -> None:
    other = new_customer(cash="100").customer

    first, second = _deposit(client, customer, "5"), _deposit(client, other, "7")

    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in second.headers
    assert (_posted(customer), _posted(other)) == (Decimal(105), Decimal(107))


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "schlüssel", "tab\t"])
def test_a_malformed_key_is_refused(client: Client, customer: Customer, key: str) -> None:
    response = _deposit(client, customer, "5", key=key)

    assert (response.status_code, response.json()["code"]) == (400, "idempotency.key_malformed")
    assert _posted(customer) == Decimal(100)


def test_a_key_of_255_characters_is_taken(client: Client, customer: Customer) -> None:
    assert _deposit(client, customer, "5", key="~" * 255).status_code == 201


def test_a_refusal_leaves_the_key_free(client: Client, customer: Customer) -> None:
    assert _deposit(client, customer, "0").status_code == 400
    assert _deposit(client, customer, "5").status_code == 201


def _request(key: str | None) -> Request:
    headers = {} if key is None else {"Idempotency-Key": key}
    plain = APIRequestFactory().post("/v1/x", {"a": 1}, format="json", headers=headers)
    return Request(plain, parsers=[StrictJSONParser()])


def test_what_an_effect_raises_frees_the_key_and_undoes_the_effect(db: None) -> None:
    owner, made = uuid4(), uuid4()

    def effect() -> Response:
        KeptAnswer.objects.create(
            owner=made, key="made", fingerprint=bytes(32), created_at=clock.now()
        )
        raise LookupError("refused")

    for _ in range(2):
        with pytest.raises(LookupError):
            once(_request("k"), owner=owner, effect=effect)

    assert not KeptAnswer.objects.filter(owner__in=[owner, made]).exists()


def test_an_effect_must_not_answer_a_refusal(db: None) -> None:
    with pytest.raises(ValueError, match="refusals are raised"):
        once(_request("k"), owner=uuid4(), effect=lambda: Response({}, status=400))

    assert not KeptAnswer.objects.exists()


def test_a_required_key_must_be_there(db: None) -> None:
    with pytest.raises(services.KeyRequired):
        once(_request(None), owner=uuid4(), effect=lambda: Response({}), required=True)


def test_a_reused_key_names_the_object_it_made(db: None) -> None:
    owner = uuid4()
    once(_request("k"), owner=owner, effect=lambda: Response({"id": "trf_1"}))
    other = services.fingerprint(method="POST", path="/v1/x", body={"a": 2})

    with transaction(), pytest.raises(services.KeyReused) as refused:
        services.begin(owner=owner, key="k", fingerprint=other, now=clock.now())

    assert refused.value.facts["first_object"] == "trf_1"


def test_keys_are_forgotten_after_48_hours(client: Client, customer: Customer) -> None:
    _deposit(client, customer, "5")
    written_at = KeptAnswer.objects.get().created_at

    with transaction():
        assert services.purge(now=written_at + timedelta(hours=48)) == 0
        assert services.purge(now=written_at + timedelta(hours=48, seconds=1)) == 1
    assert "Idempotent-Replayed" not in _deposit(client, customer, "5").headers
    assert _posted(customer) == Decimal(110)


# --- Races: these commit -------------------------------------------------------------------------


@pytest.fixture
def committed_customer(committed: None, pinned: Any) -> Customer:
    pinned()
    return new_customer(cash="100").customer


def _in_a_thread(client: Client, customer: Customer) -> Any:
    try:
        return _deposit(client, customer, "5")
    finally:
        connections.close_all()


def test_fifty_at_once_with_one_key_have_one_effect(committed_customer: Customer) -> None:
    customer = committed_customer
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _n: _in_a_thread(Client(), customer), range(50)))

    assert len(answers) == 50
    assert _posted(customer) == Decimal(105)
    assert KeptAnswer.objects.filter(owner=customer.id).count() == 1
    made = [a for a in answers if a.status_code == 201]
    assert len([a for a in made if "Idempotent-Replayed" not in a.headers]) == 1
    assert len({a.content for a in made}) == 1
    rest = {(a.status_code, a.json()["code"]) for a in answers if a.status_code != 201}
    # A machine that is busy enough may not open fifty connections in a second.
    assert rest <= {(409, "idempotency.in_progress"), (503, "api.unavailable")}


def test_while_the_first_runs_the_second_is_told_so_at_once(committed_customer: Customer) -> None:
    customer = committed_customer
    running, go = threading.Event(), threading.Event()

    def effect() -> Response:
        running.set()
        assert go.wait(10)
        return Response({"done": True}, status=201)

    def first() -> Response:
        try:
            return once(_request("k1"), owner=customer.id, effect=effect)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        parked = pool.submit(first)
        assert running.wait(10)
        second = _deposit(Client(), customer, "5")
        go.set()
        assert parked.result().status_code == 201

    body = second.json()
    assert (second.status_code, body["code"]) == (409, "idempotency.in_progress")
    assert body["retryable"] is True
    assert second.headers["Retry-After"] == "1"
    assert _posted(customer) == Decimal(100)
    assert json.loads(KeptAnswer.objects.get(owner=customer.id).body) == {"done": True}


@pytest.mark.parametrize(
    "change",
    ["status = NULL, finished_at = now()", "status = 422", "status = 200, finished_at = NULL"],
)
def test_the_database_keeps_only_finished_successes(db: None, change: str) -> None:
    once(_request("k"), owner=uuid4(), effect=lambda: Response({}))
    with (
        pytest.raises(Exception, match="only_successes_are_kept"),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE idempotency_keptanswer SET {change}")
