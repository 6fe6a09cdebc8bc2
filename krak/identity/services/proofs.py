"""Step-up: somebody proves who they are, for one act on one thing, and uses it once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from fido2.webauthn import UserVerificationRequirement

from krak.core.errors import DomainError, Kind
from krak.core.ids import MalformedId, read, uuid7
from krak.customers.models import User
from krak.identity import queries
from krak.identity.models import Proof
from krak.identity.rules import subject_digest

SANDBOX_CODE = "424242"
"""Stands for every second factor of the sandbox's access tokens, which have no password."""
_CHALLENGE = "krak_step_up"


class StepUpRequired(DomainError):
    """The act needs a fresh proof of who is asking; `facts` say for what, how and where."""

    code = "identity.step_up_required"
    title = "Prove that it is you: POST /v1/step-up, then repeat with the Step-Up header."
    kind = Kind.FORBIDDEN


class StepUpRefused(DomainError):
    """The code, password or passkey is wrong, was used, or is not how this user proves it."""

    code = "identity.step_up_refused"
    title = "That does not prove it."
    kind = Kind.FORBIDDEN


class ChallengeMissing(DomainError):
    """A passkey answers a question; it was not asked, or is answered."""

    code = "identity.challenge_missing"
    title = "Ask for a challenge first: POST /v1/step-up/passkey."
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a request is signed in with."""

    user: User
    id: UUID
    """The device or access token."""
    session: SessionBase | None
    """None for an access token."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done, exactly: "withdraw" and all that the customer agreed to."""

    action: str
    subject: Mapping[str, str]


def prove(bearer: Bearer, act: Act, *, given: Mapping[str, Any], now: datetime) -> Proof:
    """Check a code, password or passkey, outside transactions, and return the proof it makes.

    `given` has one of "code", "password", "credential".

    Raises:
        StepUpRefused: it is wrong, was used, or a password where there is a second factor.
        ChallengeMissing: a passkey's answer to nothing that was asked for this act.
    """
    method = _method(bearer, act, given)
    if method is None:
        raise StepUpRefused(methods=list(ways(bearer)))
    return Proof.objects.create(
        id=uuid7(),
        user=bearer.user,
        bearer=str(bearer.id),
        action=act.action,
        subject=subject_digest(act.subject),
        method=method,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.STEP_UP_SECONDS),
    )


def use(bearer: Bearer, act: Act, *, shown_id: str | None, now: datetime) -> None:
    """Use a proof up for this very act, or refuse and say how to get one.

    One statement, in the caller's transaction if there is one: of two requests with one proof one
    is let through, and what is rolled back does not use it up.

    Raises:
        StepUpRequired: there is none, or it is used, old, another's, or for something else.
    """
    try:
        proof = read(Proof.PREFIX, shown_id) if shown_id else None
    except MalformedId:
        proof = None
    used = proof is not None and Proof.objects.filter(
        id=proof,
        user=bearer.user,
        bearer=str(bearer.id),
        action=act.action,
        subject=subject_digest(act.subject),
        expires_at__gt=now,
        used_at=None,
    ).update(used_at=now)
    if not used:
        raise StepUpRequired(
            action=act.action,
            subject=dict(act.subject),
            methods=list(ways(bearer)),
            next="/v1/step-up",
        )


def challenge(bearer: Bearer, act: Act) -> dict[str, Any]:
    """Return what a passkey is to sign for this act; the session remembers the question."""
    if bearer.session is None:
        raise ChallengeMissing
    credentials = webauthn.get_credentials(bearer.user)
    options, state = webauthn.get_server().authenticate_begin(
        credentials=credentials, user_verification=UserVerificationRequirement.PREFERRED
    )
    bearer.session[_CHALLENGE] = {"state": state, "for": _name(act)}
    bearer.session.save()
    return dict(options)


def ways(bearer: Bearer) -> list[str]:
    """Return how this bearer may prove it."""
    if _is_sandboxed(bearer):
        return ["totp"]
    return list(queries.ways_to_prove(bearer.user))


def _method(bearer: Bearer, act: Act, given: Mapping[str, Any]) -> str | None:
    """Return by what it was proved, or None."""
    allowed = ways(bearer)
    if "code" in given:
        if _is_sandboxed(bearer):
            return "sandbox" if given["code"] == SANDBOX_CODE else None
        return _by_code(bearer.user, given["code"]) if allowed != ["password"] else None
    if "credential" in given:
        return "webauthn" if _by_passkey(bearer, act, given["credential"]) else None
    right = "password" in allowed and bearer.user.check_password(given["password"])
    return "password" if right else None


def _is_sandboxed(bearer: Bearer) -> bool:
    return bool(settings.SANDBOX) and bearer.session is None


def _by_code(user: User, code: str) -> str | None:
    found = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    for factor in found.order_by("-type"):
        if factor.wrap().validate_code(code):
            factor.record_usage()
            return str(factor.type)
    return None


def _by_passkey(bearer: Bearer, act: Act, credential: Mapping[str, Any]) -> bool:
    session = bearer.session
    asked = session.pop(_CHALLENGE, None) if session is not None else None
    if session is None or asked is None or asked["for"] != _name(act):
        raise ChallengeMissing
    session.save()
    try:
        webauthn.parse_authentication_response(credential)
        webauthn.get_server().authenticate_complete(
            asked["state"], webauthn.get_credentials(bearer.user), credential
        )
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        # What the library makes of a malformed answer; a wrong one is a ValueError.
        return False
    return True


def _name(act: Act) -> str:
    return f"{act.action}:{subject_digest(act.subject).hex()}"
