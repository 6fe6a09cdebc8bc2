"""What a customer is told of a decision."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from cards.authorizations.models import Decision
from cards.authorizations.rules.explanation import declined
from krak.api.shapes import AmountSerializer
from krak.core.money import money
from krak.core.transactions import takes_part
from krak.notifications import services as notifications


@takes_part
def tell(decisions: Mapping[UUID, UUID], *, now: datetime) -> None:
    """Put decisions, given with their customers, into these customers' inboxes.

    Raises:
        KeyError: there is no such decision.
    """
    found = (
        Decision.objects.select_related("authorization")
        .defer("request", "inputs", "sales", "answer")
        .filter(customer_id__in=decisions.values())
        .in_bulk(decisions)
    )
    notifications.keep((_told(found[decision_id]) for decision_id in decisions), now=now)


def _told(decision: Decision) -> notifications.Told:
    """Return what was approved, or why what was asked was not.

    A partial approval tells what was approved, and what was asked beside it.
    """
    purchase, why = decision.authorization, declined(decision.reason)
    asked = AmountSerializer(money(decision.asked, purchase.currency)).data
    approved = AmountSerializer(money(decision.approved_amount, purchase.currency)).data
    facts = {
        "authorization": purchase.shown_id,
        "amount": asked if why else approved,
        "asked": asked,
        "merchant": purchase.merchant_name,
    }
    if why:
        facts |= {"reason": why.reason, "message": why.message}
    kind = "authorization.declined" if why else "authorization.approved"
    return notifications.Told(decision.customer_id, kind, facts)
