"""How long to wait for the database: one that is paused or unplugged says nothing, for ever.

The server's own timeouts do not help when the server does not run, nor do the network's: its
kernel goes on acknowledging what we send.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from django.db import OperationalError, connection
from psycopg import errors

_LEAST_SECONDS: Final = 0.001

_until: ContextVar[float | None] = ContextVar("krak_answered_by", default=None)


class NoAnswer(OperationalError):
    """The database did not answer in time. Whether it did what was asked is unknown."""


def seconds_left() -> float | None:
    """Return how long the database may still be waited for, never quite 0; None is for ever."""
    moment = _until.get()
    return None if moment is None else max(_LEAST_SECONDS, moment - time.monotonic())


def is_over() -> bool:
    """Tell whether the moment has come by which an answer was needed."""
    moment = _until.get()
    return moment is not None and time.monotonic() >= moment


@contextmanager
def answered_by(moment: float) -> Iterator[None]:
    """Wait for no connection and no statement of this block beyond `moment`, by `time.monotonic`.

    The connection of a statement that was not answered is closed. The connections that keep to it
    are those of `krak.core.postgresql`.

    Raises:
        NoAnswer: the moment has come.
        OperationalError: it came before there was a connection.
    """
    token = _until.set(moment)
    try:
        connection.ensure_connection()
        yield
    except OperationalError as error:
        if not _ran_out(error):
            raise
        connection.close()
        raise NoAnswer from error
    finally:
        _until.reset(token)


def _ran_out(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, errors._WaitTimeout):  # noqa: SLF001 - psycopg raises no other
            return True
        error = error.__cause__ or error.__context__
    return False
