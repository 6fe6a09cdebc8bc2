"""The queue of what nobody was found for: give it to a customer, or send it back."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.conf import settings

from fx.prices import live
from holdings.funding import queries
from holdings.funding.models import Receipt, ReceiptState
from holdings.funding.providers import provider_named
from holdings.funding.providers.base import Payout, Refused
from holdings.funding.services.receipts import begin_deposit, held_back
from holdings.ledger import services as ledger
from krak.approvals import services as approvals
from krak.approvals.rules import Proposed
from krak.cases import services as cases
from krak.core.errors import DomainError, Kind
from krak.core.ids import read, show
from krak.core.money import plain
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Customer, User
from krak.customers.queries import customer as customer_of

if TYPE_CHECKING:
    from krak.approvals.models import Proposal

KIND: Final = "funding.assign_receipt"


class ReceiptNotFound(DomainError):
    """No such receipt."""

    code = "funding.receipt_not_found"
    title = "There is no such receipt."
    kind = Kind.NOT_FOUND


class ReceiptNotOpen(DomainError):
    """It is a customer's, not final, or on its way back."""

    code = "funding.receipt_not_open"
    title = "This receipt is not in the queue any more."
    kind = Kind.CONFLICT


class ReceiptHeldBack(DomainError):
    """What holds it back for this customer does so whoever gives it to them."""

    code = "funding.receipt_held_back"
    title = "This customer cannot be given it now; facts.why says why."
    kind = Kind.REFUSED


class SenderUnknown(DomainError):
    """Nobody said where it came from, so it cannot be sent back."""

    code = "funding.sender_unknown"
    title = "It is not known where this came from."
    kind = Kind.REFUSED


@transaction
def assign(
    *, receipt_id: UUID, customer_id: UUID, reason: str, by: User, now: datetime
) -> "Proposal | None":
    """Give an unmatched receipt to a customer; a large one once a second person approves.

    Returns the proposal, or None when it is done.

    Raises:
        ReceiptNotFound, ReceiptNotOpen, ReceiptHeldBack, CustomerNotFound: as their titles say.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    customer = customer_of(customer_id)
    ledger.lock_books([customer.id])
    receipt = _open_receipt(receipt_id)
    _require_may_have(customer, receipt, now=now)
    value = queries.usd_or_nothing(receipt.amount, receipt.currency, board=live.current())
    if 0 < value <= settings.RECEIPT_APPROVAL_USD:
        if not reason.strip():
            raise approvals.WordsMissing
        _give(receipt, customer, reason=reason, now=now)
        return None
    payload: dict[str, Any] = {
        "customer": customer.shown_id,
        "amount": plain(receipt.amount),
        "currency": receipt.currency,
    }
    return approvals.propose(
        kind=KIND,
        subject=show(Receipt.PREFIX, receipt.id),
        payload=payload,
        reason=reason,
        by=by,
        now=now,
    )


@takes_part
def carry_out(*, proposed: Proposed, now: datetime) -> str:
    """Give a receipt to whom two people agreed on; return which deposit it became.

    Raises:
        ReceiptNotFound, ReceiptNotOpen: it is not in the queue any more.
        ReceiptHeldBack: the customer may not have it now.
    """
    customer = customer_of(read(Customer.PREFIX, proposed.payload["customer"]))
    ledger.lock_books([customer.id])
    receipt = _open_receipt(read(Receipt.PREFIX, proposed.subject))
    _require_may_have(customer, receipt, now=now)
    _give(receipt, customer, reason="Two people agreed on whose it is.", now=now)
    return f"funding.deposit:{receipt.deposit_id}"


@transaction
def send_back(*, receipt_id: UUID, reason: str) -> None:
    """Promise to send an unmatched receipt back to where it came from.

    Raises:
        ReceiptNotFound, ReceiptNotOpen, SenderUnknown, WordsMissing: as their titles say.
    """
    if not reason.strip():
        raise approvals.WordsMissing
    receipt = _open_receipt(receipt_id)
    if not receipt.sender_account:
        raise SenderUnknown
    receipt.state = ReceiptState.RETURNING
    receipt.save(update_fields=["state"])
    outbox.promise("funding.send_back", {"receipt": str(receipt.id)})


def return_now(receipt_id: UUID, *, now: datetime) -> None:
    """Send a receipt back, once. Not in a transaction; safe to repeat.

    Raises:
        Unsure: it is tried again later.
    """
    receipt = Receipt.objects.get(id=receipt_id)
    if receipt.state != ReceiptState.RETURNING:
        return
    state = ReceiptState.RETURNED
    try:
        provider_named(receipt.provider).send(
            Payout(
                key=f"return:{receipt.id.hex}", rail=receipt.rail, account=receipt.sender_account,
                bic="", memo="", holder=receipt.sender_name, currency=receipt.currency,
                token=queries.contract_of(receipt.currency, receipt.rail),
                amount=receipt.amount, text=f"Return of {receipt.reference}",
            ),
            now=now,
        )  # fmt: skip
    except Refused:
        state = ReceiptState.FINAL
    with transaction():
        Receipt.objects.filter(id=receipt.id, state=ReceiptState.RETURNING).update(state=state)
        if state == ReceiptState.RETURNED:
            _close_case(receipt, "It was sent back.", now=now)


def _open_receipt(receipt_id: UUID) -> Receipt:
    found = Receipt.objects.select_for_update(no_key=True).filter(id=receipt_id).first()
    if found is None:
        raise ReceiptNotFound
    if found.deposit_id is not None or found.state != ReceiptState.FINAL:
        raise ReceiptNotOpen
    return found


def _require_may_have(customer: Customer, receipt: Receipt, *, now: datetime) -> None:
    if why := held_back(customer.id, receipt.currency, now=now):
        raise ReceiptHeldBack(why=why, asset=receipt.currency)


def _give(receipt: Receipt, customer: Customer, *, reason: str, now: datetime) -> None:
    begin_deposit(receipt, customer_id=customer.id, now=now)
    _close_case(receipt, reason, now=now)


def _close_case(receipt: Receipt, reason: str, *, now: datetime) -> None:
    cases.settle_case(
        kind="receipt_unmatched",
        subject=show(Receipt.PREFIX, receipt.id),
        reason=reason[:200],
        now=now,
    )
