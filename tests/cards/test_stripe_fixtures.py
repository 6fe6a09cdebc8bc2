"""Events in the shape that Stripe's own API gives them, word for word, through the doors."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from cards.authorizations.models import Authorization
from cards.issuing import services as issuing
from krak.core import clock
from krak.core.inbox.models import InboxEvent
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.sandbox import services as sandbox
from krak.sandbox.services import NewCustomer
from tests.stripe_door import StripeDoor, answer_of

pytestmark = pytest.mark.django_db

EVENTS = Path(__file__).parents[1] / "fixtures" / "stripe" / "events"
NAMES = sorted(path.stem for path in EVENTS.glob("*.json"))


def event(name: str) -> dict[str, Any]:
    """Return a recorded event."""
    body: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return body


@pytest.fixture
def door(client: Client, pinned: Any) -> StripeDoor:
    """Return the door of the card that the recorded events name, with 1,000 dollars behind it."""
    pinned()
    now = clock.now() - timedelta(seconds=1)
    with transaction():
        _customer, _token, card = sandbox.create_customer(
            NewCustomer(
                country="US",
                card_currency="USD",
                cash=Decimal(1000),
                holdings=(),
                spend_order=None,
                excluded=(),
                cashback_asset=None,
                policy={},
            ),
            now=now,
        )
        issuing.add_card(
            cardholder=card.cardholder,
            stripe_id="ic_test_0001",
            currency="USD",
            last4="4242",
            livemode=False,
            replaces=card,
        )
    return StripeDoor(client, "ic_test_0001")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("auth_request")])
def test_a_recorded_request_is_decided(name: str, door: StripeDoor) -> None:
    response = door.send_body("authorizations", event(name))

    assert response.status_code == 200
    assert answer_of(response)["approved"] is True
    assert Authorization.objects.filter(stripe_id="iauth_test_0001").exists()


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("auth_request")])
def test_a_recorded_event_is_kept_and_applied(name: str, door: StripeDoor) -> None:
    door.send_body("authorizations", event("auth_request_usd"))
    if name.startswith("dispute"):
        door.send_body("events", event("tx_capture"))
        outbox.drain(now=clock.now())

    response = door.send_body("events", event(name))
    outbox.drain(now=clock.now())

    assert response.status_code == 200
    assert InboxEvent.objects.get(event_id=event(name)["id"]).processed_at is not None
    assert not OutboxMessage.objects.exclude(last_error="").exists()
