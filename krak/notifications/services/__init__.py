"""Keep notices, mark them read, and carry them out."""

from krak.notifications.services.carrying import TOPIC, deliver, drop_push_token, keep_push_token
from krak.notifications.services.notices import (
    Told,
    carry,
    forget_people,
    keep,
    mark_read,
    posted,
    promise,
    promise_all,
    purge,
)
from krak.notifications.services.preferences import AlwaysOn, switch

__all__ = [
    "TOPIC",
    "AlwaysOn",
    "Told",
    "carry",
    "deliver",
    "drop_push_token",
    "forget_people",
    "keep",
    "keep_push_token",
    "mark_read",
    "posted",
    "promise",
    "promise_all",
    "purge",
    "switch",
]
