"""Give a role of the database what web and worker need, and nothing that could change history."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from psycopg import sql

# A trigger of whole statements whose function never returns refuses whoever comes.
_REFUSED: Final = """
SELECT c.relname, t.tgtype & 16 <> 0 AS updates, t.tgtype & 8 <> 0 AS deletes
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE NOT t.tgisinternal AND t.tgtype & 1 = 0 AND t.tgtype & 2 <> 0
   AND c.relnamespace = 'public'::regnamespace AND p.prosrc NOT ILIKE '%%RETURN%%'
"""


class Command(BaseCommand):
    """`manage.py application_role krak_app`, as the owner, after each `migrate`."""

    help = (
        "Give an existing role what web, worker, relay and market need: it owns nothing, so that it"
        " switches off no trigger, empties no table, and neither updates nor deletes what is"
        " append-only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the role."""
        parser.add_argument("role")

    def handle(self, *, role: str, **_options: Any) -> None:
        """Grant, then take back what is refused anyway."""
        name = sql.Identifier(role)
        with connection.cursor() as cursor:
            for statement in (
                "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
                "GRANT USAGE ON SCHEMA public TO {}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
                "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
            ):
                cursor.execute(sql.SQL(statement).format(name))
            cursor.execute(_REFUSED)
            refused = cursor.fetchall()
            for table, updates, deletes in refused:
                for verb in ("UPDATE",) * updates + ("DELETE",) * deletes:
                    cursor.execute(
                        sql.SQL("REVOKE {} ON {} FROM {}").format(
                            sql.SQL(verb), sql.Identifier(table), name
                        )
                    )
        self.stdout.write(f"{role}: {len({table for table, *_ in refused})} tables are append-only")
