"""What of Stripe's has not arrived here is fetched, and its records are compared with ours."""

from cards.reconciliation.services.comparing import DEAD_AFTER, QUIET, reconcile
from cards.reconciliation.services.fetching import fetch_undelivered

__all__ = ["DEAD_AFTER", "QUIET", "fetch_undelivered", "reconcile"]
