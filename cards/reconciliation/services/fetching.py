"""Fetch the events that Stripe could not deliver: it stops trying after three days."""

import json
import logging
from datetime import datetime

from cards.reconciliation import gateway
from cards.reconciliation.services.comparing import QUIET
from krak.core.inbox import services as inbox
from krak.stripe.events import ASKED

logger = logging.getLogger(__name__)


def fetch_undelivered(*, since: datetime, now: datetime) -> int:
    """Put into the inbox what was made since and did not come; return how many events that were.

    Of any type, so also what no comparison looks at: cards, tokens, top-ups, payments. What is
    young may be on its way. Not in a transaction: Stripe is read page by page, and each event is
    kept by itself.

    Raises:
        StripeUnavailable: what was kept stays kept.
    """
    fetched = 0
    window = {"gte": int(since.timestamp()), "lt": int((now - QUIET).timestamp())}
    for event in gateway.undelivered_events(created=window):
        # What is asked is answered at a door of its own, at once or never.
        if event["type"] == ASKED:
            continue
        kept = inbox.receive(
            provider="stripe", event_id=event["id"], kind=event["type"], body=json.dumps(event)
        )
        fetched += kept is not None
    if fetched:
        logger.warning("reconciliation: %s events had not been delivered", fetched)
    return fetched
