"""The task's door: an event of the inbox is handed to the feature that it concerns."""

import json
import logging
from datetime import datetime
from typing import Any

from krak.core.inbox import services
from krak.core.inbox.models import InboxEvent
from krak.core.inbox.registry import NotYet, applier_of
from krak.core.outbox.registry import handles

logger = logging.getLogger(__name__)


@handles("inbox.process")
def process(*, payload: dict[str, Any], now: datetime) -> None:
    """Apply one event; types that mean nothing to us are only marked as seen.

    One that is about something that has not arrived is left waiting for it.
    """
    event = InboxEvent.objects.get(id=payload["inbox_event"])
    applier = applier_of(event.provider, event.type)
    if applier is None:
        logger.info("inbox: %s is only kept", event.type)
    else:
        body = json.loads(event.body)
        try:
            applier(body=body, now=now)
        except NotYet as missing:
            services.lock_name(provider=event.provider, name=missing.name)
            try:
                applier(body=body, now=now)
            except NotYet:
                logger.info("inbox: %s waits for %s", event, missing.name)
                InboxEvent.objects.filter(id=event.id).update(waits_for=missing.name)
                return
    InboxEvent.objects.filter(id=event.id).update(processed_at=now)
