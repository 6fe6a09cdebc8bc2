"""Captures: posted in full, whatever was promised; those of several customers at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from cards.authorizations import queries as authorizations
from cards.authorizations.services import (
    Captured,
    never_seen,
    note_captured,
    raise_cash,
    record,
)
from cards.clearing.models import CardTransaction
from cards.clearing.rules import Transaction
from cards.clearing.services.keeping import entry_of, keep, moved_by, row_of
from cards.clearing.services.standing import UNSEEN, authorizations_of
from cards.issuing import queries as issuing
from cards.issuing.queries import Owned
from holdings.ledger import services as ledger
from holdings.lots import services as lots
from krak.core.transactions import takes_part

if TYPE_CHECKING:
    from cards.authorizations.models import Authorization
    from holdings.ledger.models import LedgerAccount

FLAG_OF_STATUS: Final = {"EXPIRED": "capture_on_expired", "REVERSED": "capture_on_reversed"}


@dataclass
class _Capture:
    """A capture on its way into the books, and what is odd about it."""

    told: Transaction
    owner: Owned
    authorization: "Authorization | None" = None
    flags: list[str] = field(default_factory=list)

    @property
    def customer_id(self) -> UUID:
        return self.owner.customer_id

    @property
    def cash(self) -> tuple[UUID, str]:
        """Whose account in which currency pays."""
        return self.customer_id, self.told.currency


@takes_part
def capture(told: Sequence[tuple[Transaction, Owned]], *, now: datetime) -> list[CardTransaction]:
    """Post captures of as many customers, whose books are locked; return their rows.

    Raises:
        EventRefused: one names an authorization of another customer's.
    """
    captures = [_Capture(transaction, owner) for transaction, owner in told]
    if not captures:
        return []
    _find_authorizations(captures, now=now)
    ledger.release(
        {
            (each.customer_id, each.authorization.hold_reference): each.told.amount
            for each in captures
            if each.authorization is not None
        },
        now=now,
    )
    accounts = ledger.accounts_of(each.cash for each in captures)
    _sell(captures, accounts, now=now)
    rows = [
        row_of(each.told, each.owner, each.authorization, flags=each.flags, now=now)
        for each in captures
    ]
    ledger.post_all([entry_of(row, accounts[row.customer_id, row.currency].id) for row in rows])
    lots.spend(moved_by(row) for row in rows)
    _flag_overdrawn(captures, accounts)
    keep(rows, now=now)
    note_captured(
        (
            Captured(each.authorization, each.told.amount, each.flags, each.told.event_at)
            for each in captures
            if each.authorization is not None
        ),
        now=now,
    )
    return rows


def _find_authorizations(captures: Sequence[_Capture], *, now: datetime) -> None:
    """Name each capture's authorization; one never seen is recorded for its late snapshot."""
    known = authorizations_of(
        {
            each.told.authorization_stripe_id: each.customer_id
            for each in captures
            if each.told.authorization_stripe_id is not None
        }
    )
    named = {each.told.authorization_stripe_id or "" for each in captures} - {"", *known}
    declined = authorizations.declined_as_strays(named) if named else set()
    unseen = []
    for each in captures:
        stripe_id = each.told.authorization_stripe_id
        if stripe_id is None:
            each.flags.append("force_capture")
        elif (found := known.get(stripe_id)) is None:
            approved = stripe_id not in declined
            each.flags.append(UNSEEN if approved else "capture_on_declined")
            each.authorization = _unseen(each, stripe_id, approved=approved, now=now)
            unseen.append(each.authorization)
        else:
            each.authorization = found
            if flag := FLAG_OF_STATUS.get(found.status):
                each.flags.append(flag)
            elif not found.approved:
                each.flags.append("capture_on_declined")
    record(unseen)


def _unseen(capture: _Capture, stripe_id: str, *, approved: bool, now: datetime) -> "Authorization":
    return never_seen(
        customer_id=capture.customer_id,
        card_id=capture.owner.card_id,
        stripe_id=stripe_id,
        currency=capture.told.currency,
        approved=approved,
        amount=Decimal(0),
        merchant_name=capture.told.merchant_name,
        merchant_network_id=capture.told.merchant_network_id,
        mcc=capture.told.mcc,
        now=now,
    )


def _sell(
    captures: Sequence[_Capture],
    accounts: "dict[tuple[UUID, str], LedgerAccount]",
    *,
    now: datetime,
) -> None:
    """Raise what cash is missing where the policy has it raised now."""
    policies = issuing.policies_in_force([issuing.Judged(*each.cash, now) for each in captures])
    for each, policy in zip(captures, policies, strict=True):
        account = accounts[each.cash]
        if policy.sell_at_capture:
            raise_cash(
                customer_id=each.customer_id,
                currency=each.told.currency,
                shortfall=each.told.amount - (account.posted - account.held),
                cause=f"transaction:{each.told.stripe_id}",
                now=now,
            )


def _flag_overdrawn(
    captures: Sequence[_Capture], before: "dict[tuple[UUID, str], LedgerAccount]"
) -> None:
    """Look again at those who had less than was captured: something may have been sold for them."""
    short = [
        each
        for each in captures
        if before[each.cash].posted - before[each.cash].held < each.told.amount
    ]
    accounts = ledger.accounts_of(each.cash for each in short)
    for each in short:
        account = accounts[each.cash]
        if account.posted - account.held < 0:
            each.flags.append("overdrawn")
