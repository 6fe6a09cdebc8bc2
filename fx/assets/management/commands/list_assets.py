"""`manage.py list_assets FILE`: list what has come to the market since the shipped catalogue."""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fx.assets.rules import read_catalogue
from fx.assets.services import list_assets
from krak.core.clock import now
from krak.core.errors import DomainError


class Command(BaseCommand):
    """List the assets of a file that is written as the shipped catalogue is."""

    help = "List the assets of a CSV file with the columns of the shipped catalogue, all or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        """List them and say how many were new."""
        try:
            rows = list(read_catalogue(options["file"]))
            listed = list_assets(rows, now=now())
        except (OSError, KeyError, ValueError, csv.Error) as problem:
            raise CommandError(f"{options['file']}: {type(problem).__name__}: {problem}") from None
        except DomainError as refusal:
            raise CommandError(f"{refusal.title} {refusal.facts}") from None
        self.stdout.write(f"{listed} of {len(rows)} assets are new and listed")
