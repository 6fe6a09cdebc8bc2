"""Mails and pushes that were kept instead of sent go with who they were for."""

from datetime import datetime

from krak.core.personal import Person, holds, sweeps_later
from krak.sandbox.models import SandboxMail

holds("sandbox.SandboxPush", hides=("token",), deletes=True)


@sweeps_later
def _drop(person: Person, _now: datetime) -> None:
    SandboxMail.objects.filter(to__overlap=list(person.words)).delete()
