"""Answers that were kept for repeats are dropped with whoever got them."""

from datetime import datetime

from krak.core.idempotency.models import KeptAnswer
from krak.core.personal import Person, sweeps


@sweeps
def _drop(person: Person, _now: datetime) -> None:
    answered = KeptAnswer.objects.filter(finished_at__isnull=False)
    answered.filter(owner__in=[person.customer_id, person.user_id]).delete()
