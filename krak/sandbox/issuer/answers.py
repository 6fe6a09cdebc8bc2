"""From a request to its answer: who asks, has it been asked before, what comes of it.

Source: https://docs.stripe.com/api/idempotent_requests: a refused request is not remembered.
"""

import base64
import binascii
import hashlib
import json
import secrets
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from krak.sandbox.issuer import forms, rendering, routes, shapes
from krak.sandbox.issuer.calls import Call, Page, Plain
from krak.sandbox.issuer.errors import StripeProblem
from krak.sandbox.issuer.issuer import Issuer, asking_with
from krak.sandbox.issuer.store import Document

LONGEST_KEY: Final = 255
_READ_EXPAND: Final = forms.listed(forms.text())


@dataclass(frozen=True, slots=True)
class Request:
    """A request; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str


@dataclass(slots=True)
class Answer:
    """An answer; `lost` is one that never reaches the client."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


def answer(issuer: Issuer, request: Request) -> Answer:
    """Answer a request as Stripe does, or as the failures in force want it."""
    failure = _failure(issuer, request)
    if failure is not None and not failure.get("lose_answer"):
        given = Answer(failure["status"], _failed(failure["status"]))
    else:
        given = _answered(issuer, request)
        given.lost = failure is not None
    given.headers["Request-Id"] = f"req_{secrets.token_hex(7)}"
    given.headers["Stripe-Version"] = request.headers.get("stripe-version", shapes.API_VERSION)
    if key := request.headers.get("idempotency-key"):
        given.headers["Idempotency-Key"] = key
    return given


def _answered(issuer: Issuer, request: Request) -> Answer:
    try:
        _authenticate(issuer, request.headers.get("authorization", ""))
        with asking_with(_key_of(request)):
            return _routed(issuer, request)
    except StripeProblem as problem:
        return Answer(problem.status, problem.body)
    except Exception:  # noqa: BLE001 - the fake answers 500 and lives on
        traceback.print_exc(file=sys.stderr)
        return Answer(500, _failed(500))


def _key_of(request: Request) -> str:
    return request.headers.get("idempotency-key", "") if request.method == "POST" else ""


def _failed(status: int) -> dict[str, Any]:
    if status == 429:  # noqa: PLR2004
        error = {"code": "rate_limit", "type": "invalid_request_error"}
        return {"error": {**error, "message": "Request rate limit exceeded."}}
    return {"error": {"message": "An unknown error occurred.", "type": "api_error"}}


def _failure(issuer: Issuer, request: Request) -> dict[str, Any] | None:
    """Return the failure that this request is to meet, and count it off."""
    with issuer.store.change():
        failure: dict[str, Any] = issuer.store.setting("failures", {})
        if failure.get("times", 0) < 1 or not request.target.startswith(failure["path"]):
            return None
        issuer.store.set("failures", {**failure, "times": failure["times"] - 1})
        return failure


def _authenticate(issuer: Issuer, header: str) -> None:
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not given:
        raise StripeProblem(
            "You did not provide an API key. You need to provide your API key in the Authorization"
            " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not secrets.compare_digest(given.encode(), issuer.configuration.key.encode()):
        raise StripeProblem(f"Invalid API Key provided: {given[:8]}****", status=401)


def _routed(issuer: Issuer, request: Request) -> Answer:
    target = urlsplit(request.target)
    found = routes.find(request.method, unquote(target.path))
    if found is None:
        raise StripeProblem(
            f"Unrecognized request URL ({request.method}: {target.path}).", status=404
        )
    route, stripe_id = found
    params = forms.decode(request.body if request.method == "POST" else target.query)
    expand = _READ_EXPAND(params.pop("expand", []), "expand")
    call = Call(
        issuer, stripe_id, params, request.headers.get("stripe-version", shapes.API_VERSION)
    )
    key = _key_of(request)
    if not key:
        return Answer(200, _run(route, call, expand, target.path))
    fingerprint = hashlib.sha256(
        json.dumps([target.path, params, expand], sort_keys=True).encode()
    ).hexdigest()
    if (kept := _begin(issuer, key, fingerprint)) is not None:
        return kept
    try:
        if route.waits:
            body = _run(route, call, expand, target.path)
            with issuer.store.change():
                _remember(issuer, key, body)
        else:
            with issuer.store.change():
                body = _run(route, call, expand, target.path)
                _remember(issuer, key, body)
    except BaseException:
        with issuer.store.change():
            issuer.store.query("DELETE FROM answers WHERE key = ?", key)
        raise
    return Answer(200, body)


def _begin(issuer: Issuer, key: str, fingerprint: str) -> Answer | None:
    """Note that a key is in use; return the answer that it got before."""
    if len(key) > LONGEST_KEY:
        raise StripeProblem(
            f"Idempotency keys are at most {LONGEST_KEY} characters.", kind="idempotency_error"
        )
    with issuer.store.change():
        rows = issuer.store.query(
            "SELECT fingerprint, status, body FROM answers WHERE key = ?", key
        )
        if not rows:
            issuer.store.query(
                "INSERT INTO answers (key, fingerprint) VALUES (?, ?)", key, fingerprint
            )
            return None
    kept, status, body = rows[0]
    if kept != fingerprint:
        raise StripeProblem(
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. Try using a key other than '{key}'.",
            kind="idempotency_error",
        )
    if status is None:
        raise StripeProblem(
            f"There is currently another in-progress request using the key '{key}'.",
            status=409,
            kind="idempotency_error",
            code="idempotency_key_in_use",
        )
    return Answer(status, json.loads(body), {"Idempotent-Replayed": "true"})


def _remember(issuer: Issuer, key: str, body: dict[str, Any]) -> None:
    issuer.store.query(
        "UPDATE answers SET status = 200, body = ? WHERE key = ?", json.dumps(body), key
    )


def _run(route: routes.Route, call: Call, expand: list[str], path: str) -> dict[str, Any]:
    if route.waits:
        made = route.handler(call)
        with call.issuer.store.change():
            return _shown(call.issuer, made, expand, path)
    with call.issuer.store.change():
        return _shown(call.issuer, route.handler(call), expand, path)


def _shown(
    issuer: Issuer, made: Document | Page | Plain, expand: list[str], path: str
) -> dict[str, Any]:
    if isinstance(made, Plain):
        return made.body
    if isinstance(made, Page):
        if any(not part.startswith("data.") for part in expand):
            raise StripeProblem("A list is expanded by `data.…`.", param="expand")
        inner = [part.removeprefix("data.") for part in expand]
        data = [rendering.show(issuer.store, document, inner) for document in made.data]
        return {"object": "list", "data": data, "has_more": made.has_more, "url": path}
    return rendering.show(issuer.store, made, expand)
