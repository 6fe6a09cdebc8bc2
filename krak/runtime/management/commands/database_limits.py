"""Write how long statements may take and wait into the role and database that we use."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from psycopg import sql


class Command(BaseCommand):
    """`manage.py database_limits`"""

    help = (
        "Write the limits of statements for our role in this database: PgBouncer in transaction"
        " pooling takes none from a connection. New connections have them."
    )

    def handle(self, **_options: Any) -> None:
        """Set each limit on the role."""
        with connection.cursor() as cursor:
            for name, value in settings.DATABASE_LIMITS.items():
                cursor.execute(
                    sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET {} TO {}").format(
                        sql.Identifier(str(connection.settings_dict["NAME"])),
                        sql.Identifier(name),
                        sql.Literal(value),
                    )
                )
