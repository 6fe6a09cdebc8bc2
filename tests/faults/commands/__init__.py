"""What the driver asks for, and how each command is told from its absence in the books.

A command is sent until it is acknowledged, the same one with the same name each time. Whoever adds
an operation that moves money adds a class here, with a name in `COMMANDS`: what it sends, and the
SQL that finds its effects by its name.
"""

from tests.faults.commands.base import Command, Person, Request
from tests.faults.commands.cards import (
    AUTHORIZATION_SECRET,
    EVENTS_SECRET,
    Capture,
    Dispute,
    Ending,
    Refund,
    Tap,
    Win,
)
from tests.faults.commands.money import ON, Deposit, Proof, Quote, Trade, Transfer, Withdrawal

# How often each is asked for; what follows one of them is asked for by the same client.
COMMANDS: tuple[tuple[type[Command], int], ...] = (
    (Tap, 40),
    (Capture, 25),
    (Refund, 4),
    (Deposit, 11),
    (Quote, 7),
    (Transfer, 6),
    (Proof, 3),
    (Dispute, 4),
)

__all__ = [
    "AUTHORIZATION_SECRET",
    "COMMANDS",
    "EVENTS_SECRET",
    "ON",
    "Capture",
    "Command",
    "Deposit",
    "Dispute",
    "Ending",
    "Person",
    "Proof",
    "Quote",
    "Refund",
    "Request",
    "Tap",
    "Trade",
    "Transfer",
    "Win",
    "Withdrawal",
]
