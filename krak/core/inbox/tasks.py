"""The task's door: an event of the inbox is handed to the feature that it concerns."""

import json
import logging
from datetime import datetime
from typing import Any

from krak.core.inbox.models import InboxEvent
from krak.core.inbox.registry import applier_of
from krak.core.outbox.registry import handles

logger = logging.getLogger(__name__)


@handles("inbox.process")
def process(*, payload: dict[str, Any], now: datetime) -> None:
    """Apply one event; types that mean nothing to us are only marked as seen."""
    event = InboxEvent.objects.get(id=payload["inbox_event"])
    if applier := applier_of(event.provider, event.type):
        applier(body=json.loads(event.body), now=now)
    else:
        logger.info("inbox: %s is only kept", event.type)
    InboxEvent.objects.filter(id=event.id).update(processed_at=now)
