"""Django's backend for Postgres, that waits for nobody who is not there any more.

Connections are kept for good. When the server was restarted, or an administrator ended a session,
Django would notice at the next statement, and whoever asked would be told to come again: once for
each thread, and in a worker once for each task that then waits for its claim to end. And whoever
has a moment by which they need an answer (`krak.core.patience`) waits no longer than that, be it
for a statement or for a connection, which psycopg itself gives two seconds at least.
"""

import select
from collections.abc import Generator
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg import IsolationLevel, errors

from krak.core.patience import is_over, seconds_left


class Session(psycopg.Connection[Any]):
    """A connection that neither is waited for nor waits longer than there is patience."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Generator[Any, Any, Any]:
        """Connect step by step; psycopg takes one at least every tenth of a second."""
        steps = super()._connect_gen(conninfo)
        try:
            step = next(steps)
            while not is_over():
                step = steps.send((yield step))
        except StopIteration as made:
            return made.value
        raise errors.ConnectionTimeout("there was no connection in time")

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait as psycopg does, and no longer than there is patience."""
        left = seconds_left()
        return super().wait(gen, interval=interval, timeout=timeout if left is None else left)


class DatabaseWrapper(base.DatabaseWrapper):
    """Lets go, between requests and tasks, of a connection on which the server has hung up."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Session:
        """Connect as Django does; of its options we use neither a pool nor another isolation."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        return Session.connect(**conn_params)

    def close_if_unusable_or_obsolete(self) -> None:
        """Close what is of no use; a look at the socket tells, and asks the server nothing."""
        if self.connection is not None and not self.in_atomic_block and self._is_spoken_to():
            self.close()
        super().close_if_unusable_or_obsolete()

    def _is_spoken_to(self) -> bool:
        """Tell whether the server said something unasked: its farewell, or nothing for ever."""
        if self.connection.closed:
            return True
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return bool(socket.poll(0))
