"""How often something may happen."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times in any `seconds` in a row."""

    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted: an act by somebody, and how often it may happen."""

    act: str
    by: str
    limit: Limit

    @property
    def key(self) -> str:
        """The name it is counted under; e-mail addresses and tokens are not kept readably."""
        return f"krak:limit:{self.act}:{sha256(self.by.encode()).hexdigest()[:32]}"
