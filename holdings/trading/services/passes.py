"""Going through what is due, so that one row's trouble is not the others'."""

import logging
from collections.abc import Callable, Iterable

from django.db import OperationalError

logger = logging.getLogger(__name__)


def each_alone[T](rows: Iterable[T], do: Callable[[T], object | None]) -> int:
    """Call `do` for each row and return for how many something came of it.

    A row whose owner's book is busy waits for the next pass. One that breaks is an error in the
    log, and the others go on.
    """
    done = 0
    for row in rows:
        try:
            done += do(row) is not None
        except OperationalError as problem:
            logger.warning("%s waits: %s", row, problem)
        except Exception:
            logger.exception("%s broke", row)
    return done
