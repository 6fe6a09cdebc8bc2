"""What owners of disputes are told."""

from typing import Final

from cards.disputes.models import Dispute, Status
from krak.core.money import at_places, places_of
from krak.core.transactions import takes_part
from krak.notifications import services as notifications

WORDS: Final = {
    Status.OPEN: "opened",
    Status.SUBMITTED: "submitted",
    Status.WON: "won",
    Status.LOST: "lost",
}


@takes_part
def tell_owner(dispute: Dispute) -> None:
    """Promise a notice of how a dispute stands now: `dispute.opened`, `dispute.won`, …"""
    amount = at_places(dispute.amount, places_of(dispute.currency))
    notifications.promise(
        dispute.customer_id,
        f"dispute.{WORDS[dispute.status]}",
        {
            "dispute": dispute.shown_id,
            "amount": {"amount": amount, "currency": dispute.currency},
            "merchant": dispute.transaction.merchant_name,
        },
    )
