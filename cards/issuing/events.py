"""Stripe's events, for the features that apply them: read strictly, refused into a case.

An event is at Stripe's word for word and in our inbox; what cannot be applied here moves nothing
and is put before staff, once. Only what is broken on our side is retried.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.db import transaction as django_transaction

from cards.issuing.models import CardDirectory
from krak.cases import services as cases
from krak.core.errors import DomainError
from krak.core.inbox.registry import Applies, NotYet, applies
from krak.stripe.events import read_amount
from krak.stripe.reading import (
    LONGEST_ID,
    UNREADABLE,
    NotForUs,
    Told,
    identifier,
    identifier_or_none,
    listing,
    mapping,
    signed,
    text,
    told_by,
    whole,
)

__all__ = [
    "UNREADABLE",
    "EventRefused",
    "EventWaits",
    "Told",
    "applies_event",
    "fee",
    "identifier",
    "identifier_or_none",
    "listing",
    "mapping",
    "signed",
    "text",
    "whole",
]


class EventRefused(DomainError):
    """An event that contradicts itself or what we know, or is of another mode than this Krak."""

    code = "cards.event_refused"
    title = "The event cannot be applied here."


class EventWaits(EventRefused):
    """An event about something that has not arrived yet; it is applied when that has."""

    def __init__(self, detail: str = "", *, waits_for: str) -> None:
        super().__init__(detail, waits_for=waits_for)
        self.waits_for = waits_for


class Apply[T](Protocol):
    """Applies what was read from an event."""

    def __call__(self, told: T, /, *, now: datetime) -> None: ...


class ApplyMany[T](Protocol):
    """Applies what was read from several events, all of it or, when it raises, nothing."""

    def __call__(self, told: Sequence[T], /, *, now: datetime) -> None: ...


def applies_event[T](
    *types: str, read: Callable[[Told], T], many: ApplyMany[T] | None = None
) -> Callable[[Apply[T]], Applies]:
    """Mark the function that applies what `read` makes of Stripe's events of these types.

    What `read` cannot read, and what either of them refuses with `EventRefused`, is undone and
    becomes a case. One refused with `EventWaits` is applied all the same once
    `inbox.services.arrived` is called for what it waits for. `many` applies several at once; when
    one of them is refused, each is applied alone.
    """

    def applied_together(*, bodies: Sequence[dict[str, Any]], now: datetime) -> None:
        assert many is not None  # noqa: S101 - it is registered only then
        many([_read(body, read, now=now) for body in bodies], now=now)

    def register(apply: Apply[T]) -> Applies:
        def applied(*, body: dict[str, Any], now: datetime) -> None:
            try:
                facts = _read(body, read, now=now)
                with django_transaction.atomic():
                    apply(facts, now=now)
            except EventRefused as refusal:
                _open_case(refusal, body, now=now)
                if isinstance(refusal, EventWaits):
                    raise NotYet(refusal.waits_for) from None

        together = applied_together if many is not None else None
        return applies("stripe", *types, many=together)(applied)

    return register


def _read[T](body: dict[str, Any], read: Callable[[Told], T], *, now: datetime) -> T:
    told = _told(body, now=now)
    try:
        return read(told)
    except UNREADABLE as error:
        raise EventRefused(f"{type(error).__name__}: {error}") from None


def _told(body: dict[str, Any], *, now: datetime) -> Told:
    try:
        return told_by(body, now=now)
    except NotForUs as why:
        raise EventRefused(str(why)) from None


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


def fee(value: object, currency: str) -> Decimal:
    """Return a part of an amount, whatever its sign; 0 where there is none. Raises as `whole`."""
    return read_amount(abs(signed(value or 0)), currency)
