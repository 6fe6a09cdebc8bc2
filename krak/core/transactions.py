"""Who may open a transaction.

The service that a door calls opens the one transaction of its request with `transaction`;
opened inside another it raises. Services below it are marked `takes_part` and raise when
called outside one. Neither is fooled by the transaction a test case wraps around itself.
"""

from django_subatomic.db import transaction
from django_subatomic.db import transaction_required as takes_part

__all__ = ["takes_part", "transaction"]
