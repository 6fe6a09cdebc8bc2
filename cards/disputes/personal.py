"""What people disputed."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from cards.disputes.models import Dispute
from krak.core.personal import Obstacle, holds, objects

holds(
    "disputes.Dispute",
    erases={"explanation": "", "evidence": {}},
    keeps="books must be kept",
)


@objects
def _open(customer_id: UUID) -> Sequence[Obstacle]:
    ended = Q()
    for end in ("lost_at", "reinstated_at", "withdrawn_at", "expired_at"):
        ended |= Q(**{f"{end}__isnull": False})
    if not Dispute.objects.filter(customer_id=customer_id).exclude(ended).exists():
        return []
    return [Obstacle("disputes_open", "Disputes are open; wait for their end.", "/v1/disputes")]
