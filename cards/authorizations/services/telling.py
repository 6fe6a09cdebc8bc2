"""What a customer is told of a decision."""

from datetime import datetime
from uuid import UUID

from cards.authorizations.models import Decision
from cards.authorizations.rules.explanation import declined
from krak.api.shapes import AmountSerializer
from krak.core.money import money
from krak.core.transactions import takes_part
from krak.notifications import services as notifications


@takes_part
def tell(*, customer_id: UUID, decision_id: UUID, now: datetime) -> None:
    """Put a decision into its customer's inbox: what was approved, or why what was asked was not.

    A partial approval tells what was approved, and what was asked beside it.
    """
    decision = Decision.objects.select_related("authorization").get(
        customer_id=customer_id, id=decision_id
    )
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
    notifications.keep(
        customer_id=customer_id,
        kind="authorization.declined" if why else "authorization.approved",
        facts=facts,
        now=now,
    )
