"""What a customer is told of a decision."""

from typing import Any
from uuid import UUID

from cards.authorizations.models import Authorization
from cards.authorizations.rules.decision import AuthorizationRequest, Verdict
from cards.authorizations.rules.explanation import declined
from krak.core.ids import show
from krak.core.money import amount_object, money
from krak.notifications import services as notifications


def notice_of(
    request: AuthorizationRequest, verdict: Verdict, *, authorization_id: UUID
) -> dict[str, Any]:
    """Return the notice that a decision is posted with: what was approved, or why it was not.

    A partial approval tells what was approved, and what was asked beside it.
    """
    why = declined(verdict.decline or "")
    asked = amount_object(money(request.amount, request.currency))
    approved = amount_object(money(verdict.approved, request.currency))
    facts = {
        "authorization": show(Authorization.PREFIX, authorization_id),
        "amount": asked if why else approved,
        "asked": asked,
        "merchant": request.merchant_name,
    }
    if why:
        facts |= {"reason": why.reason, "message": why.message}
    return notifications.posted(
        "authorization.declined" if why else "authorization.approved", facts
    )
