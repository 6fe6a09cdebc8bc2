"""Drop what is over."""

from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session
from django.db import connection

from krak.core.transactions import takes_part
from krak.identity.models import Proof

PROOFS_KEPT: Final = timedelta(days=90)


@takes_part
def purge(*, now: datetime) -> None:
    """Drop sessions and used codes that are over, and proofs of long ago."""
    Session.objects.filter(expire_date__lt=now).delete()
    Proof.objects.filter(created_at__lt=now - PROOFS_KEPT).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM identity_spent_code WHERE expires < %s", [now])
