"""What Stripe tells us: signed events, read strictly.

Source: Stripe's webhook signature scheme v1, API version 2026-10-28.endive.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import stripe
from django.http import HttpRequest

from krak.core.errors import DomainError, Kind
from krak.core.minor_units import from_minor

API_VERSION: Final = "2026-10-28.endive"
ASKED: Final = "issuing_authorization.request"
"""The one type that is answered and not only kept, at a door of its own."""
MOST_BYTES: Final = 256 * 1024
OLDEST: Final = timedelta(seconds=300)
LONGEST_NAME: Final = 120
FURTHEST_AHEAD: Final = timedelta(seconds=60)


class BadSignature(DomainError):
    """The body was not signed by Stripe with our secret, or not now."""

    code = "webhooks.bad_signature"
    title = "The signature does not fit."


class MalformedEvent(DomainError):
    """The signed body is no event of the kind that this endpoint takes."""

    code = "webhooks.malformed_event"
    title = "This is no event that can be read here."


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """A verified event; `object` is its `data.object`, `body` the text as it came."""

    id: str
    type: str
    created_at: datetime
    livemode: bool
    object: Any
    body: str


class EventTooLarge(DomainError):
    """The body is larger than any event of Stripe's."""

    code = "webhooks.too_large"
    title = "The body is too large for an event."
    kind = Kind.TOO_LARGE


def event_in(request: HttpRequest, *, secrets: Sequence[str], now: datetime) -> StripeEvent:
    """Return the signed event that a request carries.

    Raises:
        EventTooLarge: over `MOST_BYTES`; it is not even read.
        BadSignature, MalformedEvent: as `read_event`.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        raise EventTooLarge
    signature = request.headers.get("Stripe-Signature", "")
    return read_event(request.body, signature=signature, secrets=secrets, now=now)


def read_event(
    body: bytes, *, signature: str, secrets: Sequence[str], now: datetime
) -> StripeEvent:
    """Return the event in a signed body; one matching signature of one secret is enough.

    Raises:
        BadSignature: none matches, or the timestamp is over 300 s old or 60 s ahead.
        MalformedEvent: the body is no UTF-8 JSON event with its object inside ("thin" events).
    """
    _verify(body, signature=signature, secrets=secrets, now=now)
    try:
        event = json.loads(body, object_pairs_hook=_unique)
        found = StripeEvent(
            id=_text(event["id"]),
            type=_text(event["type"]),
            created_at=datetime.fromtimestamp(event["created"], tz=UTC),
            livemode=event["livemode"] is True,
            object=event["data"]["object"],
            body=body.decode(),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise MalformedEvent(str(error)) from None
    if "\x00" in found.body or "\\u0000" in found.body:
        raise MalformedEvent("the event carries no readable object")
    return found


def _verify(body: bytes, *, signature: str, secrets: Sequence[str], now: datetime) -> None:
    try:
        text = body.decode()
        signed_at = next(
            int(part[2:]) for part in signature.split(",") if part.strip().startswith("t=")
        )
        age = now.timestamp() - signed_at
    except (UnicodeDecodeError, StopIteration, ValueError, OverflowError):
        raise BadSignature from None
    if age > OLDEST.total_seconds() or -age > FURTHEST_AHEAD.total_seconds():
        raise BadSignature("The signature is not from now.")
    for secret in secrets:
        try:
            # The SDK refuses only old timestamps; both sides were checked above.
            stripe.WebhookSignature.verify_header(text, signature, secret, None)
        except stripe.SignatureVerificationError:
            continue
        else:
            return
    raise BadSignature


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise ValueError("an id or type is no short text")
    return value


def read_time(body: dict[str, Any]) -> datetime:
    """Return when an event happened, by its `created`."""
    return datetime.fromtimestamp(body["created"], tz=UTC)


def read_amount(amount_minor: int, currency: str) -> Decimal:
    """Return whole units of an amount in minor units of a lower-case currency."""
    amount: Decimal = from_minor(amount_minor, currency).amount
    return amount


def id_of(expandable: Any) -> Any:
    """Return the id of an object that Stripe may have expanded, or None where there is none."""
    return expandable["id"] if isinstance(expandable, dict) else expandable
