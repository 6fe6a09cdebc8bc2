"""Parts of Stripe's objects, read strictly: what could not be kept is refused, never guessed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from krak.core.money import UnknownCurrency
from krak.stripe.events import id_of, read_time

LONGEST_ID: Final = 64
MOST_MINOR: Final = 10**15
"""An amount beyond this is no payment, and would not fit the ledger."""
FURTHEST_AHEAD: Final = timedelta(days=366)
"""Simulated issuers run ahead of our clock; beyond this a time makes all later events stale."""
UNREADABLE: Final = (
    KeyError, TypeError, ValueError, AttributeError, OverflowError, UnknownCurrency,
)  # fmt: skip


class NotForUs(ValueError):
    """The event is of another mode than this Krak, from the far future, or about nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an event tells: of which type, when, and the object as Stripe saw it.

    `key` is the idempotency key of the call that it comes of, "" when there was none.
    """

    type: str
    event_at: datetime
    object: dict[str, Any]
    key: str = ""


def told_by(body: dict[str, Any], *, now: datetime) -> Told:
    """Return what an event tells.

    Raises:
        NotForUs: it is not to be applied here.
        KeyError, TypeError, ValueError: it is no event.
    """
    if body.get("livemode") is not settings.STRIPE_LIVEMODE:
        raise NotForUs("the livemode is not ours")
    told = Told(body["type"], read_time(body), body["data"]["object"], _key_of(body))
    if told.event_at > now + FURTHEST_AHEAD:
        raise NotForUs("the event is from the future")
    if not isinstance(told.object, dict):
        raise NotForUs("the event carries no object")
    return told


def _key_of(body: dict[str, Any]) -> str:
    request = body.get("request")
    return text(request.get("idempotency_key"), 255) if isinstance(request, dict) else ""


def identifier(expandable: object) -> str:
    """Return the id that an object, or its id alone, carries.

    Raises:
        ValueError: there is none, or none that we could keep.
    """
    value = id_of(expandable)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or text(value) != value:
        raise ValueError(f"{value!r} is no id")
    return value


def identifier_or_none(expandable: object) -> str | None:
    """Return an id as `identifier` does, or None where there is none."""
    return None if expandable is None else identifier(expandable)


def text(value: object, longest: int = LONGEST_ID) -> str:
    """Return a text that can be kept, cut to `longest`; "" for what is none."""
    if not isinstance(value, str):
        return ""
    # Half of a pair that JSON may carry and no database keeps.
    return value[:longest].encode("utf-8", "replace").decode()


def whole(value: object, *, least: int = 0) -> int:
    """Return an amount of minor units.

    Raises:
        TypeError, ValueError: it is no whole number, below `least`, or absurdly large.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{str(value)[:100]!r} is no whole amount")
    if not least <= value <= MOST_MINOR:
        raise ValueError(f"{str(value)[:100]} is no amount of a purchase")
    return value


def signed(value: object) -> int:
    """Return an amount of minor units that may be negative. Raises as `whole`."""
    return whole(value, least=-MOST_MINOR)


def mapping(value: object) -> dict[str, Any]:
    """Return an object within an object; an absent one is empty.

    Raises:
        TypeError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{str(value)[:100]!r} is no object")
    return value


def listing(value: object) -> list[Any]:
    """Return a list within an object; an absent one is empty.

    Raises:
        TypeError: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"{str(value)[:100]!r} is no list")
    return value
