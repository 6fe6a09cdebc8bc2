"""Who may open a transaction.

The service that a door calls opens the one transaction of its request with `transaction`;
opened inside another it raises. Services below it are marked `takes_part` and raise when
called outside one. Neither is fooled by the transaction a test case wraps around itself.
"""

from datetime import timedelta

from django.db import connection
from django_subatomic.db import transaction
from django_subatomic.db import transaction_required as takes_part

__all__ = ["let_statements_last", "takes_part", "transaction"]


@takes_part
def let_statements_last(most: timedelta) -> None:
    """Let the statements of this transaction take longer than those of a request."""
    with connection.cursor() as cursor:
        milliseconds = str(round(most.total_seconds() * 1000))
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [milliseconds])
