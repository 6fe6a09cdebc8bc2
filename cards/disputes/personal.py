"""What people disputed."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from cards.disputes.models import Dispute
from krak.core.personal import Obstacle, holds, objects

holds("disputes.Dispute", keeps="books must be kept")


@objects
def _open(customer_id: UUID) -> Sequence[Obstacle]:
    ended = Q(lost_at__isnull=False) | Q(reinstated_at__isnull=False)
    if not Dispute.objects.filter(customer_id=customer_id).exclude(ended).exists():
        return []
    return [Obstacle("disputes_open", "Disputes are open; wait for their end.", "/v1/activity")]
