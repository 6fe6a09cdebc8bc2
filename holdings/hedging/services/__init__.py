"""Writes of hedging: the round that nets and orders, and what becomes of an order."""

from holdings.hedging.services.orders import (
    AlreadyEnded,
    CancelWithoutReason,
    begin_sending,
    cancel,
    note_accepted,
    note_refused,
    note_report,
    note_unsure,
)
from holdings.hedging.services.rounds import CannotHedge, hedge_now, keep_instruments, net

__all__ = [
    "AlreadyEnded",
    "CancelWithoutReason",
    "CannotHedge",
    "begin_sending",
    "cancel",
    "hedge_now",
    "keep_instruments",
    "net",
    "note_accepted",
    "note_refused",
    "note_report",
    "note_unsure",
]
