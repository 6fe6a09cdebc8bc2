"""A purchase from the tap to the reward, through the webhook doors."""

from django.test import Client

from krak.core import clock
from krak.core.outbox import services as outbox
from tests.people import Known
from tests.stripe_door import StripeDoor


def dinner(known: Known, amount: int = 120_00) -> StripeDoor:
    """Ask for a dinner at RAMEN TOKYO, clear it, and let the reward come; amounts in cents."""
    door = StripeDoor(Client(), known.card.stripe_id)
    assert door.request(amount).json()["approved"] is True
    door.transaction(amount, kind="capture", transaction="t1")
    outbox.drain(now=clock.now())
    return door
