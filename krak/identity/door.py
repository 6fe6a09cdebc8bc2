"""The door in front of allauth's views: reads strictly, counts tries, hands out device tokens."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from allauth.headless.internal.restkit.inputs import Input
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from krak.api.parsing import read_json
from krak.api.problems import refuses_plainly
from krak.core.errors import DomainError, Kind
from krak.core.limits import services as limits
from krak.core.limits.rules import Counted
from krak.identity import headers, queries
from krak.identity import limits as ours
from krak.identity.adapter import NEW_TOKEN

Count = Callable[[HttpRequest, Mapping[str, Any]], Sequence[Counted]]
ALLAUTH_USER = "user_pk"
NEVER_ASKED = frozenset({"username", "phone", "email2"})


class UnreadableBody(DomainError):
    """The body is no JSON object that is read here."""

    code = "api.parse_error"
    title = "The body is no readable JSON."
    kind = Kind.INVALID


class BodyTooLarge(DomainError):
    """The body is larger than anything that is asked here."""

    code = "identity.body_too_large"
    title = "The body is too large."
    kind = Kind.TOO_LARGE


def door(view: Callable[..., HttpResponseBase], *, count: Count | None = None) -> Any:
    """Wrap one of allauth's API views.

    Unknown fields are refused and duplicate keys too. `count` says what a request that changes
    something is counted under; a second factor that was right starts its count anew.
    """
    inputs = view.view_class.input_class  # type: ignore[attr-defined]
    inputs = view.view_initkwargs.get("input_class", inputs)  # type: ignore[attr-defined]

    @wraps(view)
    @refuses_plainly
    def answered(request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return _answer(view, request)
        body = _read(request)
        if unknown := set(body) - _fields(inputs, request.method or ""):
            return _unknown(sorted(unknown))
        counted = count(request, body) if count else ()
        limits.take(counted)
        response = _answer(view, request)
        if count is second_factor and response.status_code == 200:  # noqa: PLR2004
            limits.forget(counted[1:])  # a right code of one's own says nothing of the address
        return response

    return answered


def _answer(view: Callable[..., HttpResponseBase], request: HttpRequest) -> HttpResponse:
    response = view(request)
    if token := request.META.pop(NEW_TOKEN, None):
        response[headers.DEVICE_TOKEN] = token
    return response  # type: ignore[return-value]


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        text = request.body
    except RequestDataTooBig:
        raise BodyTooLarge from None
    if not text:
        return {}
    try:
        body = read_json(text)
    except ValueError as error:
        raise UnreadableBody(str(error)) from None
    if not isinstance(body, dict):
        raise UnreadableBody
    return body


def _fields(inputs: Any, method: str) -> set[str]:
    if isinstance(inputs, Mapping):
        inputs = inputs.get(method)
    if inputs is None or not issubclass(inputs, Input):
        return set()
    return set(inputs.base_fields) - NEVER_ASKED


def _unknown(names: Sequence[str]) -> JsonResponse:
    errors = [
        {"message": "This field is unknown.", "code": "unknown", "param": name} for name in names
    ]
    return JsonResponse({"status": 400, "errors": errors}, status=400)


# --- What is counted -----------------------------------------------------------------------------


def signup(request: HttpRequest, body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count accounts by address, and mails to one address."""
    if request.method == "PUT":  # the passkey of an account that was counted
        return passkey(request, body)
    return ours.mail("signup", request, _email(body))


def login(request: HttpRequest, body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count passwords tried."""
    return ours.login(request, _email(body))


def reset(request: HttpRequest, body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count mails to one address."""
    return ours.mail("reset", request, _email(body))


def mailed_code(request: HttpRequest, _body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count codes tried in one session, and by one address."""
    return [
        *ours.code("code", headers.session_token(request) or ""),
        ours.per_address("code", request, most=60, seconds=600),
    ]


def resend(request: HttpRequest, _body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count mails asked for again in one session."""
    return [
        *ours.code("resend", headers.session_token(request) or ""),
        ours.per_address("resend", request, most=60, seconds=600),
    ]


def second_factor(request: HttpRequest, _body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count guesses at the second factor of whoever's session it is."""
    session = queries.session(headers.session_token(request) or "none")
    pending = (session.get("account_login") if session is not None else None) or {}
    user = (session.get(SESSION_KEY) if session is not None else None) or pending.get(ALLAUTH_USER)
    by_address = ours.per_address("2fa", request, most=60, seconds=600)
    return [by_address, *ours.second_factor(request, str(user))] if user else [by_address]


def password_of_session(request: HttpRequest, _body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count passwords tried by somebody who is signed in."""
    return [
        *ours.code("password", headers.session_token(request) or ""),
        ours.per_address("password", request, most=60, seconds=600),
    ]


def passkey(request: HttpRequest, _body: Mapping[str, Any]) -> Sequence[Counted]:
    """Count passkeys tried by one address: there is nothing to guess, so nothing per account."""
    return [ours.per_address("passkey", request, most=30, seconds=300)]


def _email(body: Mapping[str, Any]) -> str:
    return json.dumps(body.get("email", "")).strip('"').strip().lower()[:254]
