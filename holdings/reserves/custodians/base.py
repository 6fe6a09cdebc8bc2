"""What a custodian is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stated:
    """What is held of an asset, in base units, and where that can be read."""

    asset: str
    units: Decimal
    reference: str = ""


class Custodian(Protocol):
    """A bank, a custodian or a chain that can be asked what it holds for our customers."""

    name: str

    def holdings(self) -> Iterable[Stated]:
        """Return all that it holds.

        Raises:
            VendorProblem: it did not answer, or nothing that can be read.
        """
        ...
