"""Django's backend for Postgres, that does not ask on a line where nobody is any more.

Connections are kept for good. When the server was restarted, or an administrator ended a session,
Django would notice at the next statement, and whoever asked would be told to come again: once for
each thread, and in a worker once for each task that then waits for its claim to end.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Lets go, between requests and tasks, of a connection on which the server has hung up."""

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
