"""Keep notices, mark them read, and carry them out."""

from krak.notifications.services.carrying import TOPIC, deliver, drop_push_token, keep_push_token
from krak.notifications.services.notices import (
    Told,
    forget_people,
    keep,
    mark_read,
    promise,
    purge,
)
from krak.notifications.services.preferences import AlwaysOn, switch

__all__ = [
    "TOPIC",
    "AlwaysOn",
    "Told",
    "deliver",
    "drop_push_token",
    "forget_people",
    "keep",
    "keep_push_token",
    "mark_read",
    "promise",
    "purge",
    "switch",
]
