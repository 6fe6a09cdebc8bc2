"""Books outlive their owner's name."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from holdings.ledger.models import LedgerAccount
from krak.core.personal import Obstacle, holds, objects

BOOKS: Final = "books must be kept"

holds("ledger.Book", hides=("head",), keeps=BOOKS)
holds("ledger.LedgerAccount", keeps=BOOKS)
holds("ledger.JournalEntry", hides=("hash", "previous_hash"), keeps=BOOKS)
holds("ledger.Posting", keeps=BOOKS)
holds("ledger.Hold", keeps=BOOKS)
holds("ledger.UnrolledEntry", keeps="a queue that empties itself")


@objects
def _money(customer_id: UUID) -> Sequence[Obstacle]:
    accounts = LedgerAccount.objects.filter(customer_id=customer_id).order_by("currency")
    left = list(accounts.exclude(posted=0, held=0))
    owed = [account.currency for account in left if account.posted < 0]
    held = [account.currency for account in left if account.held > 0]
    there = [account.currency for account in left if account.posted > 0]
    found = []
    if owed:
        found.append(
            Obstacle(
                "money_owed", "A balance is below zero; settle it first.", "/v1/balances",
                {"currencies": owed},
            )
        )  # fmt: skip
    if there:
        found.append(
            Obstacle(
                "money_left", "There is money or there are holdings left; send them out.",
                "/v1/balances", {"currencies": there},
            )
        )  # fmt: skip
    if held:
        found.append(
            Obstacle(
                "money_held", "Money is set aside for something pending; wait or cancel it.",
                "/v1/authorizations", {"currencies": held},
            )
        )  # fmt: skip
    return found
