"""Reads of what the database knows about prices: copies, for when Valkey knows nothing."""

from fx.prices import codec
from fx.prices.models import BoardCopy
from fx.prices.rules import Board


def last_copy() -> Board | None:
    """Return the newest board that was copied, or None. Its prices may well be stale."""
    copy = BoardCopy.objects.order_by("-version").first()
    if copy is None:
        return None
    try:
        return codec.decode(copy.body)
    except codec.UnreadableBoard:
        return None
