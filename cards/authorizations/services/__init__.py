"""What happens to authorizations: requests are answered, and cash is raised for what is forced."""

from cards.authorizations.services.cash import raise_cash
from cards.authorizations.services.decisions import authorize

__all__ = ["authorize", "raise_cash"]
