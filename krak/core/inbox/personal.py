"""What vendors told of somebody is emptied; that it came is not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q

from krak.core.inbox.models import InboxEvent
from krak.core.personal import Person, sweeps_later

ERASED: Final = '{"erased": true}'


def empty(words: Sequence[str]) -> None:
    """Empty the processed events that have any of these words, which name one person only."""
    named = Q()
    for word in words:
        named |= Q(body__icontains=word)
    if words:
        InboxEvent.objects.filter(named, processed_at__isnull=False).update(body=ERASED)


@sweeps_later
def _by_address(person: Person, _now: datetime) -> None:
    empty([word for word in person.words if "@" in word])
