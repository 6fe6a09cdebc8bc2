"""`manage.py archives`: look at the archive, verify its files, bring rows back."""

from argparse import ArgumentTypeError
from datetime import date, timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from krak.core import clock
from krak.core.archive import files, services
from krak.core.archive.models import Archive

RESTORED_DAYS: Final = 30


class Command(BaseCommand):
    """Lists without being told what to do."""

    help = "List the files of the archive, verify them, or restore the rows of a day."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what to do, of which kind and day."""
        parser.add_argument("do", nargs="?", choices=("list", "verify", "restore"), default="list")
        parser.add_argument("--kind", help="such as inbox or boards; all without")
        parser.add_argument("--day", type=_day, help="such as 2026-11-29; all without")
        parser.add_argument(
            "--for-days", type=int, default=RESTORED_DAYS,
            help="how long restored rows stay in their table",
        )  # fmt: skip

    def handle(
        self, *, do: str, kind: str | None, day: date | None, for_days: int, **_options: Any
    ) -> None:
        """Go through the archives that were asked for, in the order of their days."""
        found = Archive.objects.filter(written_at__isnull=False)
        if kind is not None:
            found = found.filter(kind=kind)
        if day is not None:
            found = found.filter(day=day)
        if do == "restore" and (kind is None or day is None):
            raise CommandError("Say --kind and --day of what to restore.")
        if not found.exists():
            raise CommandError("There is no such archive.")
        damaged = 0
        for archive in found.order_by("day", "kind", "id"):
            try:
                said = self._done(do, archive, for_days)
            except files.Damaged as problem:
                damaged += 1
                said = f"DAMAGED: {problem}"
            self.stdout.write(f"{archive.day} {archive.kind:<10} {archive.rows:>9} rows  {said}")
        if damaged:
            raise CommandError(f"{damaged} files are damaged.")

    def _done(self, do: str, archive: Archive, for_days: int) -> str:
        if do == "verify":
            services.verify(archive)
            return "is what was written"
        if do == "restore":
            until = clock.now() + timedelta(days=for_days)
            try:
                services.restore(archive, until=until)
            except services.StillThere:
                return "has not left its table"
            return f"restored until {until:%Y-%m-%d}"
        return f"{archive.size} bytes  {archive.name}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no day") from None
