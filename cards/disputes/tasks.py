"""The task's door to disputes."""

from datetime import datetime

from cards.disputes import services
from cards.issuing.events import Told, applies_event, identifier, text, whole
from krak.stripe.events import read_amount


def read_dispute(told: Told) -> services.DisputeEvent:
    """Return an `issuing.dispute` in our words."""
    found = told.object
    currency = found["currency"]
    return services.DisputeEvent(
        type=told.type,
        stripe_id=identifier(found["id"]),
        transaction_stripe_id=identifier(found["transaction"]),
        amount=read_amount(whole(found["amount"], least=1), currency),
        currency=currency.upper(),
        status=text(found["status"]),
        event_at=told.event_at,
    )


@applies_event(*services.COLUMN_OF, read=read_dispute)
def apply_event(event: services.DisputeEvent, *, now: datetime) -> None:
    """Note what was said of a dispute and move what follows."""
    services.apply_event(event, now=now)
