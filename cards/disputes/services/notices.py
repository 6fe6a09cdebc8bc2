"""What owners of disputes are told."""

from typing import Final

from cards.disputes.models import Dispute, Status
from krak.core.money import at_places, places_of
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part

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
    outbox.promise(
        "notifications.tell",
        {
            "customer": str(dispute.customer_id),
            "kind": f"dispute.{WORDS[dispute.status]}",
            "facts": {
                "dispute": dispute.shown_id,
                "amount": {"amount": amount, "currency": dispute.currency},
                "merchant": dispute.transaction.merchant_name,
            },
        },
    )
