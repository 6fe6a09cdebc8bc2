"""Wait until everything that was promised is done."""

import os
import time

import psycopg

PATIENCE_SECONDS = 600
A_FEW = 2_000
LEFT = "SELECT count(*) FROM outbox_outboxmessage WHERE done_at IS NULL AND dead_at IS NULL"


def until_done() -> None:
    """Wait until no message is left.

    Raises:
        RuntimeError: some are left after ten minutes.
    """
    began = time.monotonic()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        left = _left(database)
        while left:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise RuntimeError(f"{left} messages are not done")
            # Counting many takes what would be measured.
            time.sleep(0.1 if left < A_FEW else 2)
            left = _left(database)


def _left(database: "psycopg.Connection[tuple[int]]") -> int:
    row = database.execute(LEFT).fetchone()
    return row[0] if row else 0
