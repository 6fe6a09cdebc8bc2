"""How a notice leaves the inbox: by mail, and by push to each of a customer's phones."""

from krak.notifications.channels.base import Gone, Parcel, Refused, SendAgain
from krak.notifications.channels.sending import has_push, send

__all__ = ["Gone", "Parcel", "Refused", "SendAgain", "has_push", "send"]
