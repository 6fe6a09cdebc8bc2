"""What was promised about somebody who is erased, and done, is dropped before its time."""

from datetime import datetime

from krak.core.outbox.models import OutboxMessage
from krak.core.personal import Person, sweeps_later


@sweeps_later
def _drop(person: Person, _now: datetime) -> None:
    OutboxMessage.objects.filter(
        done_at__isnull=False, payload__customer=str(person.customer_id)
    ).delete()
