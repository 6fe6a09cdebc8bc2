"""A proof is for one act on one thing, by one device, once, and soon."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from krak.core import clock
from krak.identity.models import Proof
from tests.identity.authenticator import Passkey
from tests.identity.phone import Phone, fresh_address, totp
from tests.people import Known, new_customer

pytestmark = pytest.mark.django_db

NONCE = {"nonce": "ephkn_1"}


@pytest.fixture
def known(pinned: Any) -> Known:
    """Return a sandbox customer; Stripe is not connected, so that beyond the guard is a 503."""
    pinned()
    return new_customer()


def ask(known: Known, path: str, body: Any, *, proof: str = "", method: str = "post") -> Any:
    headers = {"Authorization": f"Bearer {known.token}"} | ({"Step-Up": proof} if proof else {})
    return getattr(Client(REMOTE_ADDR=fresh_address()), method)(
        path, body, content_type="application/json", headers=headers
    )


def prove(known: Known, action: str, **subject: str) -> Any:
    return ask(
        known, "/v1/step-up", {"action": action, "subject": subject, "code": "424242"}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("door", "method", "body", "action"),
    [
        ("details-key", "post", NONCE, "card.details"),
        ("wallet-key", "post", {"stripe_version": "2020-03-02"}, "card.wallet"),
        ("pin", "put", {"encrypted_number": "x" * 16}, "card.pin"),
    ],
)
def test_the_secrets_of_a_card_need_a_proof(
    known: Known, door: str, method: str, body: Any, action: str
) -> None:
    card = known.card.shown_id
    path = f"/v1/cards/{card}/{door}"

    refused = ask(known, path, body, method=method)

    assert (refused.status_code, refused.json()["code"]) == (403, "identity.step_up_required")
    facts = refused.json()["facts"]
    assert facts == {
        "action": action,
        "subject": {"card": card},
        "methods": ["totp"],
        "next": "/v1/step-up",
    }
    proof = prove(known, facts["action"], **facts["subject"]).json()["id"]
    beyond = ask(known, path, body, proof=proof, method=method)
    assert (beyond.status_code, beyond.json()["code"]) == (503, "processor.unavailable")
    again = ask(known, path, body, proof=proof, method=method)
    assert again.json()["code"] == "identity.step_up_required"


def test_a_proof_for_another_act_or_card_does_not_serve(known: Known) -> None:
    other = new_customer()
    card = known.card.shown_id
    path = f"/v1/cards/{card}/details-key"
    for proof in (
        prove(known, "card.wallet", card=card),
        prove(known, "card.details", card=other.card.shown_id),
        prove(known, "card.details", card=card, more="x"),
        prove(other, "card.details", card=card),
    ):
        response = ask(known, path, NONCE, proof=proof.json()["id"])
        assert response.json()["code"] == "identity.step_up_required"


def test_a_stale_proof_does_not_serve(known: Known, settings: Any) -> None:
    card = known.card.shown_id
    proof = prove(known, "card.details", card=card).json()["id"]
    Proof.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    response = ask(known, f"/v1/cards/{card}/details-key", NONCE, proof=proof)

    assert response.json()["code"] == "identity.step_up_required"


def test_a_proof_is_the_devices_that_made_it() -> None:
    phone = Phone().sign_up()
    tablet = phone.other()
    tablet.log_in()
    made = tablet.post(
        "/v1/step-up", {"action": "erase_me", "subject": {}, "password": phone.password}
    ).json()["id"]
    headers = {"Step-Up": made, "Idempotency-Key": "once"}

    refused = phone.post("/v1/me/erasure", **headers)

    assert (refused.status_code, refused.json()["code"]) == (403, "identity.step_up_required")
    assert tablet.post("/v1/me/erasure", **headers).status_code == 201


@pytest.mark.parametrize("proof", ["nonsense", "proof_01h455vb4pex5vsknk084sn02q", "x" * 500])
def test_an_invented_proof_does_not_serve(known: Known, proof: str) -> None:
    response = ask(known, f"/v1/cards/{known.card.shown_id}/details-key", NONCE, proof=proof)

    assert response.json()["code"] == "identity.step_up_required"


def test_a_wrong_code_proves_nothing_and_five_have_to_wait(known: Known) -> None:
    body = {"action": "card.pin", "subject": {"card": "x"}, "code": "000000"}
    address = fresh_address()
    headers = {"Authorization": f"Bearer {known.token}"}
    answers = [
        Client(REMOTE_ADDR=address).post(
            "/v1/step-up", body, content_type="application/json", headers=headers
        )
        for _ in range(6)
    ]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert answers[0].json()["code"] == "identity.step_up_refused"
    assert not Proof.objects.exists()


def test_outside_the_sandbox_its_code_is_nothing(known: Known, settings: Any) -> None:
    settings.SANDBOX = False

    response = prove(known, "card.details", card=known.card.shown_id)

    assert (response.status_code, response.json()["facts"]["methods"]) == (403, [])


def _step_up(phone: Phone, **given: Any) -> Any:
    act = {"action": "withdraw", "subject": {"amount": "10.00", "destination": "dst_1"}}
    return phone.post("/v1/step-up", act | given)


def test_without_a_second_factor_the_password_proves_it() -> None:
    phone = Phone().sign_up()

    assert _step_up(phone, password="wrong-password-1").status_code == 403
    assert _step_up(phone, code="424242").status_code == 403
    done = _step_up(phone, password=phone.password)
    assert (done.status_code, done.json()["method"]) == (201, "password")


def test_with_a_second_factor_only_that_proves_it_and_a_code_once() -> None:
    phone = Phone().sign_up().enrol_totp()
    code = totp(phone.secret, 1)

    refused = _step_up(phone, password=phone.password)
    assert (refused.status_code, refused.json()["facts"]["methods"]) == (403, ["totp"])
    assert _step_up(phone, code=code).json()["method"] == "totp"
    assert _step_up(phone, code=code).status_code == 403


def test_a_passkey_answers_the_question_about_this_act_only() -> None:
    phone, passkey = Phone().sign_up(), Passkey()
    phone.reauthenticate()
    page = "/v1/account/authenticators/webauthn"
    options = phone.get(page).json()["data"]["creation_options"]
    phone.post(page, {"name": "Phone", "credential": passkey.register(options)})
    act = {"action": "withdraw", "subject": {"amount": "10.00", "destination": "dst_1"}}

    other_act = {"action": "withdraw", "subject": {"amount": "99.00", "destination": "dst_1"}}
    asked = phone.post("/v1/step-up/passkey", other_act).json()
    refused = phone.post("/v1/step-up", act | {"credential": passkey.sign(asked)})
    assert (refused.status_code, refused.json()["code"]) == (409, "identity.challenge_missing")

    asked = phone.post("/v1/step-up/passkey", act).json()
    answer = passkey.sign(asked)
    assert phone.post("/v1/step-up", act | {"credential": {"id": "x"}}).status_code == 403
    asked = phone.post("/v1/step-up/passkey", act).json()
    done = phone.post("/v1/step-up", act | {"credential": passkey.sign(asked)})
    assert (done.status_code, done.json()["method"]) == (201, "webauthn")
    again = phone.post("/v1/step-up", act | {"credential": answer})
    assert again.json()["code"] == "identity.challenge_missing"


@pytest.mark.parametrize(
    "body",
    [
        {"action": "x.y", "subject": {}},
        {"action": "x.y", "subject": {}, "code": "1", "password": "2"},
        {"action": "X", "subject": {}, "code": "1"},
        {"action": "x.y", "subject": {"A b": "1"}, "code": "1"},
        {"action": "x.y", "subject": {"a": "x" * 256}, "code": "1"},
        {"action": "x.y", "subject": {"a": {"b": "c"}}, "code": "1"},
        {"action": "x.y", "subject": {}, "code": "1", "used_at": None},
    ],
)
def test_what_is_odd_is_a_field_error(known: Known, body: Any) -> None:
    response = ask(known, "/v1/step-up", body)

    assert (response.status_code, response.json()["code"]) == (400, "api.invalid")
