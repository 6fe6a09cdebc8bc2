"""How a notice leaves the inbox: by mail, and by push to each of a customer's phones."""

from krak.notifications.channels.base import Gone, NotSent, Parcel
from krak.notifications.channels.sending import has_push, send

__all__ = ["Gone", "NotSent", "Parcel", "has_push", "send"]
