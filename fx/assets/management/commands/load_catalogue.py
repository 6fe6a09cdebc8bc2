"""`manage.py load_catalogue`: write the shipped catalogue into the database."""

from typing import Any

from django.core.management.base import BaseCommand

from fx.assets.services import load_catalogue
from krak.core.clock import now


class Command(BaseCommand):
    """Load the catalogue of assets; safe to run at every start."""

    help = "Write the shipped catalogue of assets into the database; again is harmless."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load it and say what changed."""
        changed = load_catalogue(now=now())
        self.stdout.write(f"catalogue: {changed} assets written")
