"""Stripe: the one place that speaks its language. `events` listens, `calls` asks."""

from cards.issuing.gateway.events import (
    API_VERSION,
    BadSignature,
    EventTooLarge,
    MalformedEvent,
    StripeEvent,
    event_in,
    id_of,
    read_amount,
    read_event,
    read_time,
)

__all__ = [
    "API_VERSION",
    "BadSignature",
    "EventTooLarge",
    "MalformedEvent",
    "StripeEvent",
    "event_in",
    "id_of",
    "read_amount",
    "read_event",
    "read_time",
]
