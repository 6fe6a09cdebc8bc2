"""Who is signed in, where, and how they may prove themselves."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from krak.core.compiled import compiled
from krak.core.errors import DomainError, Kind
from krak.core.ids import id_of
from krak.customers import queries as customers
from krak.customers.models import User
from krak.identity.models import Device
from krak.identity.sessions import SessionStore

DEVICE_IN_SESSION = "krak_device"


class DeviceNotFound(DomainError):
    """No such device, or not one of this user's, or signed out already."""

    code = "identity.device_not_found"
    title = "There is no such device."
    kind = Kind.NOT_FOUND


def digest(token: str) -> bytes:
    """Return what is kept of a device's token."""
    return hashlib.sha256(token.encode()).digest()


def session(token: str) -> SessionBase | None:
    """Return the session of a token, or None when there is none any more."""
    found = SessionStore(session_key=token)
    found.get(SESSION_KEY)  # loads it; a session that is missing or over loses its key
    return found if found.session_key else None


def device_of(opened: SessionBase) -> Device | None:
    """Return the device of a session with its user and customer, or None when it is signed out.

    It is, from the very next request, after logout, when the device was ended, when the password
    was changed elsewhere, and when the user was disabled.
    """
    if DEVICE_IN_SESSION not in opened or SESSION_KEY not in opened:
        return None
    device = _devices_in.first(opened[DEVICE_IN_SESSION], opened[SESSION_KEY])
    if device is None or not constant_time_compare(
        opened.get(HASH_SESSION_KEY, ""), device.user.get_session_auth_hash()
    ):
        return None
    return device


@compiled
def _devices_in(device_id: str, user_id: str) -> QuerySet[Device]:
    return Device.objects.select_related("user__customer").filter(
        id=device_id, user_id=user_id, ended_at=None, user__is_active=True
    )


def device_id(shown_id: str) -> UUID:
    """Return which device an id in a path names; one that cannot be read names nothing.

    Raises:
        DeviceNotFound: it cannot be read.
    """
    return id_of(Device.PREFIX, shown_id, DeviceNotFound)


def own_device(*, user_id: UUID, device_id: UUID) -> Device:
    """Return one of a user's devices that is signed in.

    Raises:
        DeviceNotFound: there is none, it is another's, or it is signed out.
    """
    found = Device.objects.filter(id=device_id, user_id=user_id, ended_at=None).first()
    if found is None:
        raise DeviceNotFound
    return found


def knows(*, token: str, user_id: str = "", email: str = "") -> bool:
    """Tell whether a device's token is of this user, or of the user with this address."""
    if not token:
        return False
    found = Device.objects.filter(digest=digest(token))
    found = found.filter(user_id=user_id) if user_id else found.filter(user__email__iexact=email)
    return found.exists()


@dataclass(frozen=True, slots=True)
class Pass:
    """What a stream that lasts was opened with: a device and its session, or an access token."""

    id: UUID
    session: str | None


def still_good(passes: Collection[Pass], *, now: datetime) -> set[Pass]:
    """Return the passes that a new request would still be let in with, in three queries."""
    ids, keys = [each.id for each in passes], [each.session for each in passes if each.session]
    devices = Device.objects.filter(id__in=ids, ended_at=None, user__is_active=True)
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
    tokens = customers.working_tokens(ids, now=now)
    signed_in, known = (
        set(devices.values_list("id", flat=True)),
        set(sessions.values_list("session_key", flat=True)),
    )
    return {
        each
        for each in passes
        if (each.id in signed_in and each.session in known if each.session else each.id in tokens)
    }


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A place where somebody is signed in: a device, or an access token."""

    id: UUID
    name: str
    platform: str
    address: str | None
    created_at: datetime
    last_seen_at: datetime | None
    current: bool


def signed_in(*, user_id: UUID, current: UUID, now: datetime) -> list[SignedIn]:
    """Return where a user is signed in, newest first; `current` is the one that asks."""
    devices = [
        SignedIn(each.id, each.name, each.platform, each.address, each.created_at,
                 each.last_seen_at, each.id == current)
        for each in Device.objects.filter(user_id=user_id, ended_at=None)
    ]  # fmt: skip
    tokens = [
        SignedIn(each.id, each.device, "API", None, each.created_at, None, each.id == current)
        for each in customers.tokens_of(user_id=user_id, now=now)
    ]
    return sorted([*devices, *tokens], key=lambda place: place.id, reverse=True)


def second_factors(user: User) -> list[str]:
    """Return the second factors that a user has enrolled: totp, webauthn."""
    found = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return sorted(set(found.values_list("type", flat=True)))


def ways_to_prove(user: User) -> Sequence[str]:
    """Return how a user may prove themselves: by a second factor, or by password without one."""
    factors = second_factors(user)
    if factors:
        return factors
    return ["password"] if user.has_usable_password() else []
