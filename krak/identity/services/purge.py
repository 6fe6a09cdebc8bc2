"""Drop what is over."""

from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session
from django.db import connection

from krak.core.retention import AT_ONCE, drop_older, drop_some
from krak.core.transactions import takes_part
from krak.identity.models import Proof

PROOFS_KEPT: Final = timedelta(days=90)


@takes_part
def purge(*, now: datetime) -> int:
    """Drop a batch of sessions and used codes that are over, and of proofs of long ago.

    Returns how many of the kind of which there were most.
    """
    sessions = drop_some(Session.objects.filter(expire_date__lt=now), by="expire_date")
    proofs = drop_older(Proof.objects.all(), than=now - PROOFS_KEPT)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM identity_spent_code WHERE cache_key IN ("
            " SELECT cache_key FROM identity_spent_code WHERE expires < %s"
            " ORDER BY expires LIMIT %s)",
            [now, AT_ONCE],
        )
        return max(sessions, proofs, int(cursor.rowcount))
