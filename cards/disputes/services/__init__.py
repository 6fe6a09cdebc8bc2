"""What happens to a dispute: a customer opens it, Stripe is told, the network decides."""

from cards.disputes.services.hearing import DisputeEvent, apply_event
from cards.disputes.services.opening import Claim, expire, open_dispute, submit, withdraw
from cards.disputes.services.telling import tell_again, tell_dispute

__all__ = [
    "Claim",
    "DisputeEvent",
    "apply_event",
    "expire",
    "open_dispute",
    "submit",
    "tell_again",
    "tell_dispute",
    "withdraw",
]
