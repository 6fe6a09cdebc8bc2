"""What happens to authorizations: requests are answered, cash is raised for what is forced.

What the network says of them is kept.
"""

from cards.authorizations.services.cash import raise_cash
from cards.authorizations.services.decisions import authorize
from cards.authorizations.services.following import (
    Captured,
    Standing,
    bring,
    never_seen,
    note_captured,
    record,
)

__all__ = [
    "Captured",
    "Standing",
    "authorize",
    "bring",
    "never_seen",
    "note_captured",
    "raise_cash",
    "record",
]
