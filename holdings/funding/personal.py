"""Where people's money came from and went. Amounts stay; names, accounts and addresses go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from holdings.funding.models import (
    Deposit,
    DepositState,
    Destination,
    PaperPayout,
    Receipt,
    TakeBack,
    TopUp,
    Withdrawal,
)
from holdings.funding.services.sending import key_of
from krak.cases import services as cases
from krak.core.ids import made_at
from krak.core.inbox import services as inbox
from krak.core.personal import Obstacle, Person, holds, objects, sweeps, sweeps_later

BOOKS: Final = "books must be kept"
SHORTEST: Final = 6
"""What a provider calls a transfer in fewer letters may stand in others' events too."""


def _removed_at(destination: Destination) -> datetime:
    return destination.removed_at or destination.usable_at


holds("funding.Deposit", erases={"facts": {}, "failure": ""}, keeps=BOOKS)
holds("funding.TopUp", keeps=BOOKS)
holds("funding.TakeBack", keeps=BOOKS)
holds("funding.DepositAccount", seals=("iban", "reference"), deletes=True)
holds("funding.DepositAddress", seals=("network", "address", "memo"), deletes=True)
holds(
    "funding.Receipt", of="deposit__customer_id",
    erases={"account": "", "reference": "", "sender_name": "", "sender_account": ""},
    seals=("account", "reference", "sender_name", "sender_account"), keeps=BOOKS,
)  # fmt: skip
holds(
    "funding.Destination",
    erases={
        "account": "erased", "bic": "", "memo": "", "holder": "", "label": "",
        "removed_at": _removed_at,
    },
    seals=("rail", "account", "memo", "holder"), keeps=BOOKS,
)  # fmt: skip
holds("funding.Withdrawal", erases={"failure": "", "last_error": ""}, keeps=BOOKS)


@objects
def _under_way(customer_id: UUID) -> Sequence[Obstacle]:
    found = []
    out = Withdrawal.objects.filter(customer_id=customer_id, ended_at=None)
    if out.exists():
        found.append(
            Obstacle(
                "withdrawals_under_way", "Withdrawals are under way; cancel or wait for them.",
                "/v1/withdrawals",
            )
        )  # fmt: skip
    on_its_way = Q(top_up__processing=True) | Q(receipt__isnull=False)
    coming = Deposit.objects.filter(customer_id=customer_id, state=DepositState.PENDING)
    if coming.filter(on_its_way).exists():
        found.append(
            Obstacle("deposits_pending", "Money is on its way; wait for it.", "/v1/deposits")
        )
    if cases.is_open(kind="top_up_disputed", customer_id=customer_id):
        found.append(
            Obstacle(
                "top_up_disputes_open", "Top-ups are disputed; wait for the end.", "/v1/deposits"
            )
        )
    return found


@sweeps
def _sent_on_paper(person: Person, _now: datetime) -> None:
    sent = Withdrawal.objects.filter(customer_id=person.customer_id).values_list("id", flat=True)
    PaperPayout.objects.filter(key__in=[key_of(each) for each in sent]).update(account="")


@sweeps_later
def _told(person: Person, _now: datetime) -> None:
    """What Stripe, banks and custodians told carries payers and senders, with name and address."""
    mine = {"customer_id": person.customer_id}
    stripe_ids = [
        *TopUp.objects.filter(**mine).exclude(stripe_id="").values_list("stripe_id", flat=True),
        *TakeBack.objects.filter(**mine).values_list("stripe_id", flat=True),
    ]
    received = Receipt.objects.filter(deposit__customer_id=person.customer_id)
    told = [_name_of(each) for each in received]
    inbox.empty(
        [*stripe_ids, *(f'"{name}"' for name in told if len(name) >= SHORTEST)],
        since=made_at(person.customer_id),
    )


def _name_of(receipt: Receipt) -> str:
    """Return what a provider calls a receipt: a bank its id, a chain the transaction."""
    _network, colon, rest = receipt.provider_reference.partition(":")
    return rest.rpartition(":")[0] if colon else receipt.provider_reference
