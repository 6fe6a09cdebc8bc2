"""What an attester is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attested:
    """How many shares stand against how many tokens in circulation, of all holders.

    Both in shown units, in which a token is a share; `reference` says where it can be read.
    """

    asset: str
    shares: Decimal
    tokens: Decimal
    reference: str = ""


class Attester(Protocol):
    """Whoever looks into the issuer's custody accounts and at the chains, product by product."""

    name: str

    def attestations(self) -> Iterable[Attested]:
        """Return what it attests of every product that it looks at.

        Raises:
            VendorProblem: it did not answer, or nothing that can be read.
        """
        ...
