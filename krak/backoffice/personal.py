"""What Django's admin calls the rows that staff edited."""

from datetime import datetime

from django.contrib.admin.models import LogEntry

from krak.core.personal import Person, sweeps_later


@sweeps_later
def _erase(person: Person, _now: datetime) -> None:
    about = LogEntry.objects.filter(object_id__in=[str(person.customer_id), str(person.user_id)])
    about.update(object_repr="erased", change_message="")
