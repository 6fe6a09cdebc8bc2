"""How many messages share a transaction."""

from dataclasses import dataclass
from typing import Final

LONGEST_SECONDS: Final = 0.4
"""Below the half second after which whoever waits for a lock gives up."""
MOST: Final = 100
FEWEST: Final = 2


@dataclass
class Share:
    """How many messages of one topic are done in one transaction: fewer where it takes long.

    What such a transaction has locked a tap may wait for, and the worker has a low priority: on a
    busy machine the same work keeps the lock for longer.
    """

    size: int = MOST

    def took(self, seconds: float, *, many: int) -> None:
        """Take notice of how long it took to do so many together."""
        if seconds > LONGEST_SECONDS:
            self.size = max(FEWEST, many // 2)
        # Twice as many take twice as long at most: much is the same for however many there are.
        elif seconds < LONGEST_SECONDS / 2 and many == self.size:
            self.size = min(MOST, 2 * many)
