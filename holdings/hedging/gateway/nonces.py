"""Numbers that only ever grow, across processes and machines."""

import hashlib

from django.db import connection

from krak.core.transactions import transaction

_NEXT = """
INSERT INTO hedging_venuenonce AS nonce (key, last)
VALUES (%s, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
ON CONFLICT (key) DO UPDATE SET last = greatest(nonce.last + 1, excluded.last)
RETURNING last
"""


def next_nonce(key: str) -> int:
    """Return a nonce for an API key, larger than every one before: microseconds, or one more.

    Kept under a digest of the key, so that the table gives nothing away.
    """
    digest = hashlib.sha256(key.encode()).hexdigest()
    with transaction(), connection.cursor() as cursor:
        cursor.execute(_NEXT, [digest])
        return int(cursor.fetchone()[0])
