"""The task's door: an event of the inbox is handed to the feature that it concerns."""

import json
import logging
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from krak.core import sealing
from krak.core.archive import services as archive
from krak.core.inbox import services
from krak.core.inbox.models import InboxEvent
from krak.core.inbox.registry import NotYet, applier_of
from krak.core.outbox.registry import calls_out, handles, handles_many

logger = logging.getLogger(__name__)


@handles_many("inbox.process")
def process(*, payloads: Sequence[dict[str, Any]], now: datetime) -> Collection[int]:
    """Apply one event, or of several those of one type that can be applied at once.

    Returns the positions of the others. Types that mean nothing to us are only marked as seen. An
    event about something that has not arrived is left waiting for it.
    """
    ids = [UUID(payload["inbox_event"]) for payload in payloads]
    known = InboxEvent.objects.in_bulk(ids)
    events = [known[event_id] for event_id in ids]
    if len(events) > 1:
        return _apply_together(events, now=now)
    _apply(events[0], now=now)
    return ()


def _apply_together(events: Sequence[InboxEvent], *, now: datetime) -> Collection[int]:
    for provider, kind in dict.fromkeys((event.provider, event.type) for event in events):
        applier = applier_of(provider, kind)
        if applier is not None and applier.many is not None:
            alike = [event for event in events if (event.provider, event.type) == (provider, kind)]
            applier.many(bodies=[json.loads(event.body) for event in alike], now=now)
            done = {event.id for event in alike}
            InboxEvent.objects.filter(id__in=done).update(processed_at=now)
            return [number for number, event in enumerate(events) if event.id not in done]
    return range(len(events))


def _apply(event: InboxEvent, *, now: datetime) -> None:
    applier = applier_of(event.provider, event.type)
    if applier is None:
        logger.info("inbox: %s is only kept", event.type)
    else:
        body = json.loads(event.body)
        try:
            applier.one(body=body, now=now)
        except NotYet as missing:
            services.lock_names(provider=event.provider, names=[missing.name])
            try:
                applier.one(body=body, now=now)
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
