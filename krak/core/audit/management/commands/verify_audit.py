"""`manage.py verify_audit`: prove that the history of changes is what was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from krak.core.audit import queries


class Command(BaseCommand):
    """Says the first broken place, or the head of the chain to note elsewhere."""

    help = (
        "Prove the history of changes. It prints the head of its chain; --head takes one that"
        " was printed or logged before, and proves that nothing up to it was taken out since."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a head of before."""
        parser.add_argument("--head", nargs=2, metavar=("PLACE", "HASH"))

    def handle(self, **options: Any) -> None:
        """Prove it.

        Raises:
            CommandError: it is broken.
        """
        if found := queries.breaks():
            raise CommandError(f"{len(found)} broken, the first {found[0]}")
        if options["head"]:
            place, digest = options["head"]
            if not queries.is_in_chain(sequence=int(place), digest=bytes.fromhex(digest)):
                raise CommandError(f"The chain no longer has the link {place} {digest}.")
        self.stdout.write(f"nothing broken, head {queries.head() or 'none'}")
