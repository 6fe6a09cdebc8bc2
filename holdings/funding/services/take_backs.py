"""Refunds and disputes of top-ups, brought to where they stand, in any order of events."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from holdings.funding.models import Deposit, DepositState, TakeBack, TakeBackKind, TopUp
from holdings.funding.services.books import Movement, debit, give_back, tell
from holdings.funding.services.top_ups import deposit_facts
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from krak.cases import services as cases
from krak.core.ids import show, uuid7
from krak.core.inbox.registry import NotYet
from krak.core.money import plain
from krak.core.rows import save_row
from krak.core.transactions import takes_part


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBackSaid:
    """A refund or dispute as an event tells of it.

    `withdrawn` and `ended` are what this event says; what it does not say stays as it was.
    """

    kind: TakeBackKind
    stripe_id: str
    intent: str
    amount: Decimal
    currency: str
    withdrawn: bool
    ended: bool
    reason: str
    event_at: datetime


@takes_part
def hear_of_take_back(said: TakeBackSaid, *, now: datetime) -> None:
    """Take from the customer what Stripe has taken from us, or give it back; repeats do nothing.

    Forced: it may overdraw, which becomes a case.

    Raises:
        NotYet: the top-up it is of is not known by that name, or not credited yet.
    """
    top_up = TopUp.objects.filter(stripe_id=said.intent).first()
    if top_up is None:
        raise NotYet(f"top_up:{said.intent}")
    ledger.lock_books([top_up.customer_id])
    deposit = Deposit.objects.get(id=top_up.deposit_id)
    if deposit.state != DepositState.CREDITED:
        raise NotYet(f"credited:{said.intent}")
    if said.currency != deposit.currency:
        _open_case("take_back_differs", said, deposit, now=now)
        return
    row = TakeBack.objects.filter(stripe_id=said.stripe_id).first()
    if row is None:
        row = TakeBack(
            id=uuid7(), customer_id=deposit.customer_id, deposit=deposit, kind=said.kind,
            stripe_id=said.stripe_id, amount=said.amount, created_at=now,
        )  # fmt: skip
        if said.kind is TakeBackKind.DISPUTE:
            _open_case("top_up_disputed", said, deposit, now=now)
    row.withdrawn |= said.withdrawn
    row.ended |= said.ended
    if said.amount != row.amount:
        if row.taken:
            _open_case("take_back_differs", said, deposit, now=now)
        else:
            row.amount = said.amount
    _move(row, deposit, said, now=now)
    save_row(row)


def _move(row: TakeBack, deposit: Deposit, said: TakeBackSaid, *, now: datetime) -> None:
    target = row.amount if row.withdrawn and not row.ended else Decimal(0)
    if target == row.taken:
        return
    movement = Movement(
        customer_id=deposit.customer_id,
        currency=deposit.currency,
        amount=row.amount,
        cause=f"take_back:{row.stripe_id}:{row.movements}",
        kind=f"TOP_UP_{row.kind}",
        details={
            "deposit": show(Deposit.PREFIX, deposit.id),
            "method": deposit.kind.lower(),
            "provider_reference": row.stripe_id,
            "reason": said.reason,
        },
        event_at=said.event_at,
    )
    if target:
        row.entry_id = debit(movement, forced=True, now=now)
        deposit.taken_back += row.amount
        tell(
            deposit.customer_id, "deposit.returned",
            reason=row.kind.lower(), **(deposit_facts(deposit) | {"amount": plain(row.amount)}),
        )  # fmt: skip
        _look_for_overdraft(said, deposit, now=now)
    elif row.entry_id is not None:
        give_back(movement, fee=Decimal(0), taken_by=row.entry_id, now=now)
        deposit.taken_back -= row.amount
    row.taken = target
    row.movements += 1
    deposit.save(update_fields=["taken_back"])


def _look_for_overdraft(said: TakeBackSaid, deposit: Deposit, *, now: datetime) -> None:
    balance = ledger_reads.balances(customer_id=deposit.customer_id)[deposit.currency]
    if balance.available < 0:
        _open_case("overdrawn", said, deposit, now=now)


def _open_case(kind: str, said: TakeBackSaid, deposit: Deposit, *, now: datetime) -> None:
    cases.open_case(
        kind=kind,
        subject=said.stripe_id,
        customer_id=deposit.customer_id,
        now=now,
        about=deposit,
        amount=plain(said.amount),
        currency=said.currency,
        reason=said.reason,
    )
