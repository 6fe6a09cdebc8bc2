"""Send a withdrawal once, and follow it to its end.

Written down as SENDING before the provider is asked, and by the same key however often it is
asked. What it says may come as an answer, an event or a report, in any order, twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from holdings.funding.models import Withdrawal, WithdrawalState
from holdings.funding.providers import provider_named
from holdings.funding.providers.base import Payout, PayoutState, Refused, Standing, Unsure
from holdings.funding.queries import contract_of
from holdings.funding.services.books import Movement, debit, give_back, tell
from holdings.funding.services.withdrawals import end_unsent, facts_of, set_aside
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from krak.cases import services as cases
from krak.core.ids import MalformedId, read, show
from krak.core.outbox import services as outbox
from krak.core.rows import save_row
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer

ASKED_AFTER: Final = timedelta(minutes=2)
"""What has been under way for so long without an end is asked about."""
OVERDUE: Final = timedelta(days=5)
"""No bank and no chain takes so long: somebody has to look."""
_LONGEST: Final = 200


def send(withdrawal_id: UUID, *, now: datetime) -> None:
    """Send a withdrawal, once. Not in a transaction; safe to repeat.

    Raises:
        Unsure: nobody knows; the same key is sent again later.
    """
    withdrawal = _begin(withdrawal_id, now=now)
    if withdrawal is None:
        return
    try:
        reference = provider_named(withdrawal.provider).send(_payout(withdrawal), now=now)
    except Refused as refusal:
        note(withdrawal_id, Standing(PayoutState.FAILED, "", str(refusal)), now=now)
    except Unsure as silence:
        _note_unsure(withdrawal_id, str(silence))
        raise
    else:
        note(withdrawal_id, Standing(PayoutState.TAKEN, reference), now=now)


@transaction
def _begin(withdrawal_id: UUID, *, now: datetime) -> Withdrawal | None:
    """Write down that a withdrawal is being sent, and return it; None when there is no need."""
    withdrawal = _locked(withdrawal_id)
    if withdrawal.state == WithdrawalState.READY:
        if why := _must_stay(withdrawal):
            end_unsent(withdrawal, why=why, now=now)
            return None
        withdrawal.state, withdrawal.sending_at = WithdrawalState.SENDING, now
        withdrawal.save(update_fields=["state", "sending_at"])
    return withdrawal if withdrawal.state == WithdrawalState.SENDING else None


def _must_stay(withdrawal: Withdrawal) -> str:
    """Return why the money may not leave any more, "" if it may."""
    balances = ledger_reads.balances(customer_id=withdrawal.customer_id)
    if balances[withdrawal.currency].available < 0:
        return "The balance fell below zero before it was sent."
    if Customer.objects.filter(id=withdrawal.customer_id, frozen_at__isnull=False).exists():
        return "The account was frozen before it was sent."
    return ""


def _locked(withdrawal_id: UUID) -> Withdrawal:
    owner = Withdrawal.objects.values_list("customer_id", flat=True).get(id=withdrawal_id)
    ledger.lock_books([owner])
    return Withdrawal.objects.select_related("destination").get(id=withdrawal_id)


def _payout(withdrawal: Withdrawal) -> Payout:
    destination = withdrawal.destination
    return Payout(
        key=key_of(withdrawal.id),
        rail=withdrawal.rail,
        account=destination.account,
        bic=destination.bic,
        memo=destination.memo,
        holder=destination.holder,
        currency=withdrawal.currency,
        token=contract_of(withdrawal.currency, withdrawal.rail),
        amount=withdrawal.amount,
        text=f"Krak {show(Withdrawal.PREFIX, withdrawal.id)[-8:].upper()}",
    )


def key_of(withdrawal_id: UUID) -> str:
    """Return the key by which providers know a withdrawal."""
    return show(Withdrawal.PREFIX, withdrawal_id)


@transaction
def _note_unsure(withdrawal_id: UUID, error: str) -> None:
    Withdrawal.objects.filter(id=withdrawal_id).update(last_error=error[:_LONGEST])


@transaction
def note(withdrawal_id: UUID, standing: Standing, *, now: datetime) -> None:
    """Bring a withdrawal to where its provider says it stands; see `bring_to`."""
    bring_to(withdrawal_id, standing, now=now)


@dataclass(frozen=True, slots=True)
class PayoutSaid:
    """A payout as a provider's event tells of it."""

    key: str
    standing: Standing


@takes_part
def hear_of_payout(said: PayoutSaid, *, now: datetime) -> None:
    """Take what an event says of a payout; one that is no withdrawal of ours is passed over."""
    try:
        withdrawal_id = read(Withdrawal.PREFIX, said.key)
    except MalformedId:
        return
    if Withdrawal.objects.filter(id=withdrawal_id).exists():
        bring_to(withdrawal_id, said.standing, now=now)


@takes_part
def bring_to(withdrawal_id: UUID, standing: Standing, *, now: datetime) -> None:
    """Bring a withdrawal to where its provider says it stands; repeats and older words do nothing.

    What contradicts its end is put before staff and moves nothing.
    """
    withdrawal = _locked(withdrawal_id)
    if standing.reference and not withdrawal.provider_reference:
        withdrawal.provider_reference = standing.reference
        withdrawal.save(update_fields=["provider_reference"])
    match (WithdrawalState(withdrawal.state), standing.state):
        case (WithdrawalState.SENDING, PayoutState.TAKEN):
            _leave(withdrawal, now=now)
            _save(withdrawal, WithdrawalState.SENT)
            tell(withdrawal.customer_id, "withdrawal.sent", **facts_of(withdrawal, now=now))
        case (WithdrawalState.SENDING | WithdrawalState.SENT, PayoutState.COMPLETED):
            _leave(withdrawal, now=now)
            withdrawal.ended_at = now
            _save(withdrawal, WithdrawalState.COMPLETED)
            tell(withdrawal.customer_id, "withdrawal.completed", **facts_of(withdrawal, now=now))
        case (WithdrawalState.SENDING | WithdrawalState.SENT, PayoutState.FAILED):
            _give_up(withdrawal, WithdrawalState.FAILED, standing, now=now)
        case (
            WithdrawalState.SENDING | WithdrawalState.SENT | WithdrawalState.COMPLETED,
            PayoutState.RETURNED,
        ):
            _leave(withdrawal, now=now)
            _give_up(withdrawal, WithdrawalState.RETURNED, standing, now=now)
        case (state, said) if _contradicts(state, said):
            cases.open_case(
                kind="withdrawal_contradicted",
                subject=show(Withdrawal.PREFIX, withdrawal.id),
                customer_id=withdrawal.customer_id,
                now=now,
                about=withdrawal,
                stands=state.value,
                said=said.value,
            )


def _contradicts(state: WithdrawalState, said: PayoutState) -> bool:
    """Tell whether a word cannot be an older one of a withdrawal that stands so."""
    match state:
        case WithdrawalState.FAILED:
            return said in {PayoutState.COMPLETED, PayoutState.RETURNED}
        case WithdrawalState.COMPLETED | WithdrawalState.RETURNED:
            return said is PayoutState.FAILED
        case WithdrawalState.SENDING | WithdrawalState.SENT:
            return False
        case _:
            # Nobody was asked to send it.
            return True


@takes_part
def _leave(withdrawal: Withdrawal, *, now: datetime) -> None:
    """Move what was set aside out of the books, if it has not left.

    Forced: the provider has it, whatever the card network took meanwhile.
    """
    if withdrawal.entry_id is not None:
        return
    set_aside(withdrawal, Decimal(0), now=now)
    withdrawal.entry_id = debit(
        _movement(withdrawal, "withdrawal", "WITHDRAWAL", now=now),
        fee=withdrawal.fee,
        forced=True,
        now=now,
    )
    withdrawal.sent_at = now


@takes_part
def _give_up(
    withdrawal: Withdrawal, state: WithdrawalState, standing: Standing, *, now: datetime
) -> None:
    """Give the money back, fee and all."""
    if withdrawal.entry_id is None:
        set_aside(withdrawal, Decimal(0), now=now)
    else:
        withdrawal.return_entry_id = give_back(
            _movement(withdrawal, "withdrawal_return", "WITHDRAWAL_RETURN", now=now),
            fee=withdrawal.fee,
            taken_by=withdrawal.entry_id,
            now=now,
        )
    withdrawal.ended_at = now
    withdrawal.failure = standing.reason[:_LONGEST] or "The provider did not say why."
    _save(withdrawal, state)
    tell(
        withdrawal.customer_id, "withdrawal.failed",
        reason=withdrawal.failure, **facts_of(withdrawal, now=now),
    )  # fmt: skip


def _save(withdrawal: Withdrawal, state: WithdrawalState) -> None:
    withdrawal.state = state
    save_row(withdrawal)


def _movement(withdrawal: Withdrawal, cause: str, kind: str, *, now: datetime) -> Movement:
    return Movement(
        customer_id=withdrawal.customer_id,
        currency=withdrawal.currency,
        amount=withdrawal.amount,
        cause=f"{cause}:{withdrawal.id}",
        kind=kind,
        details={
            "withdrawal": show(Withdrawal.PREFIX, withdrawal.id),
            "rail": withdrawal.rail,
            "provider_reference": withdrawal.provider_reference,
        },
        event_at=now,
    )


# --- To the end ----------------------------------------------------------------------------------


def follow(*, now: datetime) -> int:
    """Ask after what has been under way for long; return how many. Not in a transaction.

    What a provider never heard of is sent again by the same key.
    """
    waiting = Withdrawal.objects.filter(
        state__in=["SENDING", "SENT"], sending_at__lt=now - ASKED_AFTER
    ).order_by("sending_at")
    asked = 0
    for withdrawal in list(waiting):
        try:
            standing = provider_named(withdrawal.provider).find(key_of(withdrawal.id))
        except Unsure as silence:
            _note_unsure(withdrawal.id, str(silence))
            continue
        asked += 1
        _go_on(withdrawal, standing, now=now)
    return asked


@transaction
def _go_on(withdrawal: Withdrawal, standing: Standing | None, *, now: datetime) -> None:
    if standing is not None:
        bring_to(withdrawal.id, standing, now=now)
    elif withdrawal.state == WithdrawalState.SENDING:
        outbox.promise("funding.send", {"withdrawal": str(withdrawal.id)})
    if withdrawal.sending_at is not None and withdrawal.sending_at < now - OVERDUE:
        cases.open_case(
            kind="withdrawal_overdue",
            subject=show(Withdrawal.PREFIX, withdrawal.id),
            customer_id=withdrawal.customer_id,
            now=now,
            about=withdrawal,
        )
