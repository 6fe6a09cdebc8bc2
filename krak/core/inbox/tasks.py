"""The task's door: an event of the inbox is handed to the feature that it concerns."""

import json
import logging
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from krak.core import sealing
from krak.core.archive import services as archive
from krak.core.inbox import services
from krak.core.inbox.models import InboxEvent
from krak.core.inbox.registry import NotYet, applier_of
from krak.core.outbox.registry import calls_out, handles

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


@handles("inbox.empty_archives")
def empty_archives(*, payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 - of all handlers
    """Have all files emptied of what names somebody who was erased."""
    services.empty_archives(words=payload["words"], since=date.fromisoformat(payload["since"]))


@calls_out("inbox.empty_archive")
def empty_archive(*, payload: dict[str, Any], now: datetime) -> None:
    """Empty one file of what names somebody who was erased."""
    words = json.loads(sealing.unseal(payload["words"]))
    archive.rewrite(UUID(payload["archive"]), partial(services.emptied, words=words), now=now)
