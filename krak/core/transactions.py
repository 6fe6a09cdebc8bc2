"""Who may open a transaction.

The service that a door calls opens the one transaction of its request with `transaction`;
opened inside another it raises. Services below it are marked `takes_part` and raise when
called outside one. Neither is fooled by the transaction a test case wraps around itself.
"""

from datetime import timedelta
from typing import Final

from django.db import connection
from django_subatomic.db import transaction
from django_subatomic.db import transaction_required as takes_part

__all__ = ["let_statements_last", "takes_part", "transaction"]


_LIMITS: Final = ("statement_timeout", "idle_in_transaction_session_timeout")


@takes_part
def let_statements_last(most: timedelta) -> None:
    """Let the statements of this transaction, and its rests, take longer than those of a request.

    On a cluster each node has a session, which rests while another one works. `SET LOCAL` reaches
    all of them, `set_config` only ours.
    """
    with connection.cursor() as cursor:
        for limit in _LIMITS:
            cursor.execute(f"SET LOCAL {limit} = {round(most.total_seconds() * 1000)}")
