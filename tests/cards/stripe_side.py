"""Krak connected to a fake Stripe in this process: jobs run, and its events come when asked for."""

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from krak.core import clock
from krak.core.outbox import services as outbox
from tests.issuer import FakeIssuer
from tests.stripe_door import StripeDoor


@dataclass
class StripeSide:
    """The fake, the doors it tells, and which of its events were handed over already."""

    issuer: FakeIssuer
    client: Client
    told: set[str] = field(default_factory=set)

    @property
    def v1(self) -> Any:
        """Return the services of a real `stripe` client of the same account."""
        return self.issuer.v1

    def work(self) -> None:
        """Do all promised work."""
        outbox.drain(now=clock.now())

    def events(self) -> list[dict[str, Any]]:
        """Return the events that were not handed over yet, oldest first."""
        listed = [each.to_dict() for each in self.v1.events.list({"limit": 100}).data]
        return [each for each in reversed(listed) if each["id"] not in self.told]

    def hand_over(self, *events: dict[str, Any]) -> None:
        """Deliver events, all that are left if none are named, and do what follows."""
        for event in events or self.events():
            self.told.add(event["id"])
            assert StripeDoor(self.client).send_body("events", event).status_code == 200
        self.work()

    def lose_events(self) -> None:
        """Let everything that Stripe has to tell get lost."""
        self.told.update(each["id"] for each in self.events())

    def cards(self) -> list[Any]:
        """Return all cards at Stripe, oldest first."""
        return list(reversed(self.v1.issuing.cards.list({"limit": 100}).data))
