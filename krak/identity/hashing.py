"""How passwords are hashed: costly for who guesses, and never at the cost of who pays."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.contrib.auth.hashers import Argon2PasswordHasher

from krak.core.errors import DomainError, Kind

AT_ONCE: Final = 2
"""Hashes of one process, the one that waits with it: half of the threads stay free for cards."""
_room: Final = threading.BoundedSemaphore(AT_ONCE)
_turn: Final = threading.Lock()


class TooManyPasswords(DomainError):
    """More people sign in at this moment than there is time for."""

    code = "identity.busy"
    title = "Too many people sign in at this moment."
    kind = Kind.UNAVAILABLE


class Argon2InTurn(Argon2PasswordHasher):
    """Argon2id as OWASP advises for servers (19 MiB, two passes), one at a time in a process.

    Raises:
        TooManyPasswords: one is hashed and another waits. Whoever guesses passwords in masses
            would otherwise take all threads and cores from card decisions.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """Return the hash of a password, once it is its turn."""
        with _in_turn():
            encoded: str = super().encode(password, salt)
            return encoded

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether a password is the one that was hashed, once it is its turn."""
        with _in_turn():
            return bool(super().verify(password, encoded))


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _room.acquire(blocking=False):
        raise TooManyPasswords
    try:
        with _turn:
            yield
    finally:
        _room.release()
