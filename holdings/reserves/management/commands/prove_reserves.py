"""`manage.py prove_reserves`: prove what is owed now, without waiting for the clock."""

from typing import Any

from django.core.management.base import BaseCommand

from holdings.reserves import queries
from holdings.reserves.services import backing, custody, proofs
from krak.core import clock
from krak.core.ids import show
from krak.core.money import plain


class Command(BaseCommand):
    """Ask custodians and attesters, prove, and say what came of it."""

    help = "Prove now that all that is owed is counted, and what stands against it."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print a line for each asset: owed, of it on its way, in custody."""
        now = clock.now()
        custody.ask_custodians(now=now)
        backing.ask_attesters(now=now)
        proof = proofs.prove(now=now)
        self.stdout.write(f"{show(proof.PREFIX, proof.id)}, all in base units")
        for tree in queries.trees_of(proof).order_by("asset"):
            held = "nobody says" if tree.in_custody is None else plain(tree.in_custody)
            self.stdout.write(
                f"{tree.asset:16} owed {plain(tree.owed)},"
                f" of it on its way {plain(tree.in_transit)}, in custody {held},"
                f" root {bytes(tree.root).hex()}"
            )
