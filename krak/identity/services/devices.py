"""Devices sign in and end."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part
from krak.customers import services as customers
from krak.customers.models import User
from krak.identity import rules
from krak.identity.models import Device
from krak.identity.queries import DeviceNotFound, digest

SEEN_EVERY: Final = timedelta(minutes=5)
"""How exact `last_seen_at` is; a write per request would cost more than it is worth."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A device that signed in; `token` is shown once, to one that was not known before."""

    device: Device
    token: str | None


@takes_part
def sign_in(
    *, user: User, token: str, user_agent: str, address: str | None, now: datetime
) -> Arrived:
    """Note that a user signed in with a device: the one they know by `token`, or a new one.

    A new one, unless it is their first, is told to all their others.
    """
    known = Device.objects.filter(user=user, digest=digest(token)).first() if token else None
    seen = {
        "name": rules.name_of(user_agent),
        "platform": rules.platform_of(user_agent),
        "user_agent": rules.agent(user_agent),
        "address": address,
        "last_seen_at": now,
        "ended_at": None,
    }
    if known is not None:
        Device.objects.filter(id=known.id).update(**seen)
        return Arrived(known, None)
    others = Device.objects.filter(user=user).exists()
    fresh = f"device_{secrets.token_urlsafe(32)}"
    device = Device.objects.create(
        id=uuid7(), user=user, digest=digest(fresh), created_at=now, **seen
    )
    if others and (customer := getattr(user, "customer", None)):
        outbox.promise(
            "notifications.tell",
            {
                "customer": str(customer.id),
                "kind": "new_device",
                "facts": {
                    "device": device.shown_id,
                    "name": device.name,
                    "address": address,
                    "at": now.isoformat(),
                },
            },
        )
    return Arrived(device, fresh)


@takes_part
def sign_out(*, device_id: UUID, now: datetime) -> None:
    """End a device's sessions; it is still no stranger when it comes back."""
    Device.objects.filter(id=device_id, ended_at=None).update(ended_at=now)


@takes_part
def end(*, user_id: UUID, device_id: UUID, now: datetime) -> None:
    """End one device or access token of a user for good: from now on it is a stranger.

    Raises:
        DeviceNotFound: there is none, or it is another's.
    """
    found = Device.objects.filter(user_id=user_id, id=device_id, ended_at=None)
    if found.update(ended_at=now, digest=None):
        return
    if not customers.end_token(user_id=user_id, token_id=device_id, now=now):
        raise DeviceNotFound


@takes_part
def end_others(*, user_id: UUID, but: UUID | None, now: datetime) -> None:
    """End every device and access token of a user but one, as after a new password."""
    others = Device.objects.filter(user_id=user_id)
    if but is not None:
        others = others.exclude(id=but)
    others.filter(ended_at=None).update(ended_at=now)
    others.update(digest=None)
    customers.end_tokens(user_id=user_id, now=now)


def see(device: Device, *, now: datetime) -> None:
    """Note that a device is in use."""
    if now - device.last_seen_at >= SEEN_EVERY:
        Device.objects.filter(id=device.id).update(last_seen_at=now)
