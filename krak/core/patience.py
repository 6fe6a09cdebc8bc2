"""How long to wait for the database: one that is paused or unplugged says nothing, for ever.

The server's own timeouts do not help when the server does not run, nor do the network's: its
kernel goes on acknowledging what we send.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection
from psycopg import errors


class NoAnswer(OperationalError):
    """The database did not answer in time. Whether it did what was asked is unknown."""


@contextmanager
def answered_by(moment: float) -> Iterator[None]:
    """Wait for no statement of this block beyond `moment`, by `time.monotonic`.

    The connection of a statement that was not answered is closed.

    Raises:
        NoAnswer: the moment has come.
    """
    connection.ensure_connection()
    session: Any = connection.connection
    patient = session.wait

    def wait(*arguments: Any, **options: Any) -> Any:
        left = max(0.001, moment - time.monotonic())
        return patient(*arguments, **options | {"timeout": left})

    session.wait = wait
    try:
        yield
    except OperationalError as error:
        if not _ran_out(error):
            raise
        connection.close()
        raise NoAnswer from error
    finally:
        del session.wait


def _ran_out(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, errors._WaitTimeout):  # noqa: SLF001 - psycopg raises no other
            return True
        error = error.__cause__ or error.__context__
    return False
