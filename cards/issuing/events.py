"""Stripe's events, for the features that apply them: read strictly, refused into a case.

An event is at Stripe's word for word and in our inbox; what cannot be applied here moves nothing
and is put before staff, once. Only what is broken on our side is retried.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import transaction as django_transaction

from cards.issuing.models import CardDirectory
from krak.cases import services as cases
from krak.core.errors import DomainError
from krak.core.inbox.registry import Applies, NotYet, applies
from krak.core.money import UnknownCurrency
from krak.stripe.events import id_of, read_amount, read_time

LONGEST_ID: Final = 64
MOST_MINOR: Final = 10**15
"""An amount of a card beyond this is no purchase, and would not fit the ledger."""
FURTHEST_AHEAD: Final = timedelta(days=366)
"""Simulated issuers run ahead of our clock; beyond this a time makes all later events stale."""
UNREADABLE: Final = (
    KeyError, TypeError, ValueError, AttributeError, OverflowError, UnknownCurrency,
)  # fmt: skip


class EventRefused(DomainError):
    """An event that contradicts itself or what we know, or is of another mode than this Krak."""

    code = "cards.event_refused"
    title = "The event cannot be applied here."


class EventWaits(EventRefused):
    """An event about something that has not arrived yet; it is applied when that has."""

    def __init__(self, detail: str = "", *, waits_for: str) -> None:
        super().__init__(detail, waits_for=waits_for)
        self.waits_for = waits_for


@dataclass(frozen=True, slots=True)
class Told:
    """What an event tells: of which type, when, and the object as Stripe saw it."""

    type: str
    event_at: datetime
    object: dict[str, Any]


class Apply[T](Protocol):
    """Applies what was read from an event."""

    def __call__(self, told: T, /, *, now: datetime) -> None: ...


def applies_event[T](*types: str, read: Callable[[Told], T]) -> Callable[[Apply[T]], Applies]:
    """Mark the function that applies what `read` makes of Stripe's events of these types.

    What `read` cannot read, and what either of them refuses with `EventRefused`, is undone and
    becomes a case. One refused with `EventWaits` is applied all the same once
    `inbox.services.arrived` is called for what it waits for.
    """

    def register(apply: Apply[T]) -> Applies:
        def applied(*, body: dict[str, Any], now: datetime) -> None:
            try:
                told = _told(body, now=now)
                try:
                    facts = read(told)
                except UNREADABLE as error:
                    raise EventRefused(f"{type(error).__name__}: {error}") from None
                with django_transaction.atomic():
                    apply(facts, now=now)
            except EventRefused as refusal:
                _open_case(refusal, body, now=now)
                if isinstance(refusal, EventWaits):
                    raise NotYet(refusal.waits_for) from None

        return applies("stripe", *types)(applied)

    return register


def _told(body: dict[str, Any], *, now: datetime) -> Told:
    if body.get("livemode") is not settings.STRIPE_LIVEMODE:
        raise EventRefused("the livemode is not ours")
    told = Told(body["type"], read_time(body), body["data"]["object"])
    if told.event_at > now + FURTHEST_AHEAD:
        raise EventRefused("the event is from the future")
    if not isinstance(told.object, dict):
        raise EventRefused("the event carries no object")
    return told


def _open_case(refusal: EventRefused, body: dict[str, Any], *, now: datetime) -> None:
    found = body["data"]["object"]
    named: dict[str, Any] = found if isinstance(found, dict) else {}
    cases.open_case(
        kind=refusal.code,
        subject=text(named.get("id"), LONGEST_ID) or body["id"],
        customer_id=_owner_of(named.get("card")),
        now=now,
        event=body["id"],
        type=body["type"],
        detail=text(refusal.detail, 500),
    )


def _owner_of(card: object) -> Any:
    named = text(card.get("id") if isinstance(card, dict) else card, LONGEST_ID)
    return (
        CardDirectory.objects.filter(stripe_id=named).values_list("customer_id", flat=True).first()
        if named
        else None
    )


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


def fee(value: object, currency: str) -> Decimal:
    """Return a part of an amount, whatever its sign; 0 where there is none. Raises as `whole`."""
    return read_amount(abs(signed(value or 0)), currency)


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
