"""The sandbox's attester: on paper all tokens are in our custody, each with a share behind it."""

from collections.abc import Iterable

from fx.assets import queries as assets
from holdings.reserves import queries
from holdings.reserves.attesters.base import Attested
from krak.core import clock
from krak.core.money import STORED_PLACES, floor_to


class PaperAttester:
    """What custodians say they hold of each share is all that there is of it."""

    name = "paper"

    def attestations(self) -> Iterable[Attested]:
        """Return what it would attest."""
        multipliers = assets.multipliers_at(clock.now())
        for code, held in sorted(queries.held().items()):
            if assets.facts(code).properties.has_multiplier:
                tokens = floor_to(held.units * multipliers.get(code, 1), STORED_PLACES)
                yield Attested(code, shares=tokens, tokens=tokens)
