"""Apply what the network reports: each event once, in whatever order it comes."""

from cards.clearing.services.refunds import (
    REVERSAL,
    RefundGone,
    RefundNotFound,
    propose_reversal,
    reverse_refund,
)
from cards.clearing.services.snapshots import apply_snapshot
from cards.clearing.services.standing import CardNotOurs, look_for_overdraft
from cards.clearing.services.transactions import apply_transactions, note_won

__all__ = [
    "REVERSAL",
    "CardNotOurs",
    "RefundGone",
    "RefundNotFound",
    "apply_snapshot",
    "apply_transactions",
    "look_for_overdraft",
    "note_won",
    "propose_reversal",
    "reverse_refund",
]
