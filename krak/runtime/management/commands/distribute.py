"""Spread this database over a Citus cluster, by customer."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from krak.runtime.distribution.catalog import has_citus, read
from krak.runtime.distribution.statements import Plan, Statement


class Command(BaseCommand):
    """`manage.py distribute [--dry-run] [--keys]`"""

    help = "Spread this database over a Citus cluster, by customer (docs/scaling.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do with the statements."""
        parser.add_argument("--dry-run", action="store_true", help="print the statements only")
        parser.add_argument(
            "--keys", action="store_true", help="swap the keys only, as any Postgres can"
        )

    def handle(self, *, dry_run: bool, keys: bool, **_others: Any) -> None:
        """Print the statements in their order, or run them in one transaction."""
        plan = Plan(read())
        statements = list(plan.keys() if keys else plan.everything())
        if dry_run:
            self._print(plan, statements)
            return
        if not keys and not has_citus():
            raise CommandError(
                "This database has no Citus: CREATE EXTENSION citus on every node, add the nodes "
                "(citus_set_coordinator_host, citus_add_node), then again. --dry-run needs none."
            )
        if not keys and _is_distributed():
            raise CommandError("This database is distributed already.")
        with transaction.atomic(), connection.cursor() as cursor:
            # Rows are copied: that takes its time.
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL lock_timeout = '30s'")
            for statement in statements:
                if statement.sql:
                    cursor.execute(statement.sql)
        for statement in statements:
            if statement.note:
                self.stdout.write(statement.note)

    def _print(self, plan: Plan, statements: list[Statement]) -> None:
        for table, place in plan.places.items():
            self.stdout.write(f"-- {table}: {place.kind} ({place.why})")
        for statement in statements:
            if statement.note:
                self.stdout.write(f"-- {statement.note}")
            if statement.sql:
                self.stdout.write(f"{statement.sql};")


def _is_distributed() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_dist_partition)")
        return bool(cursor.fetchone()[0])
