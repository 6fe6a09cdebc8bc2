"""`manage.py roles`: write the ready-made roles, and give them to people."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from krak.backoffice import roles
from krak.customers.models import User


class Command(BaseCommand):
    """The only way to a role: the back office has no page for it."""

    help = "Write the roles of the back office; with --give or --take change who has one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a role, a person and a reason."""
        change = parser.add_mutually_exclusive_group()
        for name in ("--give", "--take"):
            change.add_argument(name, nargs=2, metavar=("ROLE", "EMAIL"))
        parser.add_argument("--reason", default="", help="needed to give or take")

    def handle(self, **options: Any) -> None:
        """Write them, and say what there is."""
        roles.write_roles()
        for word, do in (("give", roles.give), ("take", roles.take)):
            if options[word]:
                self._change(do, *options[word], reason=options["reason"].strip())
        for name, rights in roles.ROLES.items():
            self.stdout.write(f"{name}: {len(rights)} rights")

    def _change(self, do: Any, role: str, email: str, *, reason: str) -> None:
        if role not in roles.ROLES:
            raise CommandError(f"There is no role {role}; there are {', '.join(roles.ROLES)}.")
        if not reason:
            raise CommandError("Say why with --reason.")
        try:
            do(email=email, role=role, reason=reason)
        except User.DoesNotExist:
            raise CommandError(f"Nobody signs in as {email}.") from None
