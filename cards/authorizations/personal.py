"""What people paid with cards. Merchants are no people: what they are called stays."""

from collections.abc import Sequence
from uuid import UUID

from cards.authorizations.models import Authorization
from cards.authorizations.rules import Status
from krak.core.personal import Obstacle, holds, objects

holds("authorizations.Authorization", keeps="books must be kept")
holds("authorizations.Decision", keeps="why a payment was answered as it was")


@objects
def _pending(customer_id: UUID) -> Sequence[Obstacle]:
    pending = Authorization.objects.filter(
        customer_id=customer_id, status=Status.PENDING, approved=True
    )
    if not pending.exists():
        return []
    return [
        Obstacle(
            "purchases_pending", "Purchases have not cleared; wait for them.", "/v1/authorizations"
        )
    ]  # fmt: skip
