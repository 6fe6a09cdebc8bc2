"""Events about cards, cardholders, wallets and top-ups that make no sense: a case, not a retry."""

from typing import Any

import pytest

from krak.cases.models import Case
from krak.core import clock
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.sandbox.issuer import shapes
from tests.stripe_door import StripeDoor

pytestmark = pytest.mark.django_db

TYPES = [
    "issuing_card.updated", "issuing_cardholder.updated", "issuing_token.updated",
    "topup.succeeded",
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "found",
    [
        "a word", None, [], {}, {"id": 5}, {"id": ["x"], "status": None, "card": 5},
        {"id": "x", "requirements": "none", "metadata": "none", "shipping": "no", "card": "ic_no"},
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_sense_is_kept_and_put_before_staff(
    stripe_door: StripeDoor, kind: str, found: Any
) -> None:
    event = shapes.event(kind, found, created=int(clock.now().timestamp()))

    assert stripe_door.send_body("events", event).status_code == 200
    outbox.drain(now=clock.now())

    assert Case.objects.get().details["event"] == event["id"]
    assert InboxEvent.objects.get(event_id=event["id"]).processed_at is not None
    assert not OutboxMessage.objects.exclude(last_error="").exists()
