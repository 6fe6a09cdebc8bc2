"""Mail that was kept instead of sent goes with who it was for."""

from datetime import datetime

from krak.core.personal import Person, sweeps_later
from krak.sandbox.models import SandboxMail


@sweeps_later
def _drop(person: Person, _now: datetime) -> None:
    SandboxMail.objects.filter(to__overlap=list(person.words)).delete()
