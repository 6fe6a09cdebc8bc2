"""How money in and out reads in the list of everything that moved.

The journal keeps only which deposit or withdrawal it was: who sent it, and where it went, stand
in their own rows, which can forget.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from fx.assets.catalogue import has_multiplier
from holdings.activity.registry import Group, Moved, Words, reads
from holdings.funding.models import (
    Deposit,
    DepositKind,
    Destination,
    TopUp,
    Withdrawal,
    WithdrawalState,
)
from holdings.funding.rules.networks import BANK, NETWORKS
from holdings.funding.services.destinations import name_of
from krak.core.ids import read, show

_TITLES: Final = {
    DepositKind.CARD: "Top-up by card",
    DepositKind.BANK_DEBIT: "Top-up by bank debit",
    DepositKind.BANK_TRANSFER: "Bank transfer received",
    DepositKind.ON_CHAIN: "Coins received",
}
_TAKEN: Final = {"TOP_UP_REFUND": "Top-up refunded", "TOP_UP_DISPUTE": "Top-up disputed"}
_GIVEN_BACK: Final = {
    "TOP_UP_REFUND": "Refund of a top-up failed",
    "TOP_UP_DISPUTE": "Dispute of a top-up won",
}
_STATUS: Final = {
    WithdrawalState.SENT: "pending",
    WithdrawalState.FAILED: "failed",
    WithdrawalState.RETURNED: "returned",
}


# --- In ------------------------------------------------------------------------------------------
def _deposits(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    # A deposit that nothing here made reads by its kind.
    named = {
        each.id: read(Deposit.PREFIX, each.details["deposit"])
        for each in moved
        if "deposit" in each.details
    }
    found = Deposit.objects.select_related("top_up").in_bulk(set(named.values()))
    return {
        each.id: _deposit_words(each, found[named[each.id]]) for each in moved if each.id in named
    }


def _deposit_words(moved: Moved, deposit: Deposit) -> Words:
    links = {"deposit": show(Deposit.PREFIX, deposit.id)}
    if deposit.kind in {DepositKind.CARD, DepositKind.BANK_DEBIT}:
        links["top_up"] = show(TopUp.PREFIX, deposit.top_up.id)
    if moved.kind in _TAKEN:
        taken = any(amount < 0 for amount in moved.changes.values())
        return Words(title=(_TAKEN if taken else _GIVEN_BACK)[moved.kind], links=links)
    network = NETWORKS.get(deposit.facts.get("network", ""))
    title = _TITLES[DepositKind(deposit.kind)]
    if has_multiplier(deposit.currency):
        title = "Shares received"
    return Words(
        title=title + (f" on {network.name}" if network else ""),
        party=deposit.facts.get("sender_name", ""),
        note=deposit.facts.get("reference", ""),
        links=links,
        names_people=True,
    )


def _deposits_found(customer_id: UUID, text: str) -> QuerySet[Deposit, UUID | None]:
    says = Q(facts__sender_name__icontains=text) | Q(facts__reference__icontains=text)
    return Deposit.objects.filter(says, customer_id=customer_id).values_list("entry_id", flat=True)


# --- Out -----------------------------------------------------------------------------------------
def _withdrawals(moved: Sequence[Moved]) -> Mapping[UUID, Words]:
    named = {
        each.id: read(Withdrawal.PREFIX, each.details["withdrawal"])
        for each in moved
        if "withdrawal" in each.details
    }
    found = Withdrawal.objects.select_related("destination").in_bulk(set(named.values()))
    return {
        each.id: _withdrawal_words(each, found[named[each.id]])
        for each in moved
        if each.id in named
    }


def _withdrawal_words(moved: Moved, withdrawal: Withdrawal) -> Words:
    if moved.kind == "WITHDRAWAL":
        where = "to a bank" if withdrawal.rail == BANK else f"on {NETWORKS[withdrawal.rail].name}"
        title, status = f"Sent {where}", _STATUS.get(WithdrawalState(withdrawal.state), "completed")
    else:
        title, status = "Withdrawal came back", "completed"
    return Words(
        title=title,
        party=name_of(withdrawal.destination),
        status=status,
        links={
            "withdrawal": show(Withdrawal.PREFIX, withdrawal.id),
            "destination": show(Destination.PREFIX, withdrawal.destination_id),
        },
        names_people=True,
    )


def _sent(customer_id: UUID, text: str) -> QuerySet[Withdrawal]:
    return Withdrawal.objects.filter(
        Q(destination__label__icontains=text)
        | Q(destination__holder__icontains=text)
        | Q(destination__account__icontains=text.replace(" ", "")),
        customer_id=customer_id,
    )


def _withdrawals_found(customer_id: UUID, text: str) -> QuerySet[Withdrawal, UUID | None]:
    return _sent(customer_id, text).values_list("entry_id", flat=True)


def _returns_found(customer_id: UUID, text: str) -> QuerySet[Withdrawal, UUID | None]:
    return _sent(customer_id, text).values_list("return_entry_id", flat=True)


reads("DEPOSIT", group=Group.DEPOSIT, title="Deposit", describe=_deposits, search=_deposits_found)
reads("TOP_UP", group=Group.DEPOSIT, title="Top-up", describe=_deposits)
for _kind, _title in _TAKEN.items():
    reads(_kind, group=Group.DEPOSIT, title=_title, describe=_deposits)
reads(
    "WITHDRAWAL", group=Group.WITHDRAWAL, title="Withdrawal", describe=_withdrawals,
    search=_withdrawals_found,
)  # fmt: skip
reads(
    "WITHDRAWAL_RETURN", group=Group.WITHDRAWAL, title="Withdrawal came back",
    describe=_withdrawals, search=_returns_found,
)  # fmt: skip
