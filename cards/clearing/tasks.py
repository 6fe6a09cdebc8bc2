"""The worker's and the approvals' doors: what others say, in our words, applied."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cards.authorizations.rules import Status
from cards.clearing import services
from cards.clearing.models import CardTransaction
from cards.clearing.rules import Answer, Snapshot, Transaction
from cards.issuing.events import (
    EventRefused,
    Told,
    applies_event,
    fee,
    identifier,
    identifier_or_none,
    listing,
    mapping,
    signed,
    text,
    whole,
)
from krak.approvals.registry import carries_out
from krak.approvals.rules import Proposed
from krak.core.ids import show
from krak.stripe.events import read_amount


def read_transaction(told: Told) -> Transaction:
    """Return an `issuing.transaction` in our words.

    Raises:
        EventRefused: a type we do not know, its sign contradicts it, or it moves nothing.
    """
    found = told.object
    kind, currency, amount = found["type"], found["currency"], signed(found["amount"])
    if kind not in {"capture", "refund"} or amount == 0 or (amount > 0) != (kind == "refund"):
        raise EventRefused(f"a {text(kind)} of {amount}")
    details, merchant = mapping(found.get("amount_details")), mapping(found["merchant_data"])
    return Transaction(
        stripe_id=identifier(found["id"]),
        card_stripe_id=identifier(found["card"]),
        authorization_stripe_id=identifier_or_none(found["authorization"]),
        is_refund=kind == "refund",
        amount=read_amount(abs(amount), currency),
        currency=currency.upper(),
        atm_fee=fee(details.get("atm_fee"), currency),
        cashback_amount=fee(details.get("cashback_amount"), currency),
        mcc=text(merchant.get("category_code"), 4),
        merchant_name=text(merchant.get("name"), 120),
        merchant_network_id=text(merchant.get("network_id"), 64),
        merchant_currency=text(found.get("merchant_currency"), 10).upper(),
        merchant_amount_minor=signed(found.get("merchant_amount") or 0),
        event_at=told.event_at,
    )


def read_snapshot(told: Told) -> Snapshot:
    """Return an `issuing.authorization` in our words.

    Raises:
        EventRefused: a status we do not know.
    """
    found = told.object
    status, currency = text(found["status"]).upper(), found["currency"]
    if status not in Status:
        raise EventRefused(f"an authorization that is {status}")
    history = [mapping(entry) for entry in listing(found.get("request_history"))]
    merchant = mapping(found["merchant_data"])
    return Snapshot(
        stripe_id=identifier(found["id"]),
        card_stripe_id=identifier(found["card"]),
        approved=_yes_or_no(found["approved"]),
        status=status,
        amount=read_amount(whole(found["amount"]), currency),
        currency=currency.upper(),
        answers=tuple(_answer(entry, currency) for entry in history),
        mcc=text(merchant.get("category_code"), 4),
        merchant_name=text(merchant.get("name"), 120),
        merchant_network_id=text(merchant.get("network_id"), 64),
        merchant_country=text(merchant.get("country"), 2),
        event_at=told.event_at,
    )


def _answer(entry: Mapping[str, Any], currency: str) -> Answer:
    return Answer(
        approved=entry.get("approved") is True,
        reason=text(entry.get("reason"), 40),
        amount=read_amount(whole(entry.get("amount") or 0), currency),
    )


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{text(value)!r} is neither yes nor no")
    return value


@applies_event(
    "issuing_transaction.created", read=read_transaction, many=services.apply_transactions
)
def apply_transaction(transaction: Transaction, *, now: datetime) -> None:
    """Post a capture or credit a refund."""
    services.apply_transactions([transaction], now=now)


@applies_event("issuing_authorization.created", "issuing_authorization.updated", read=read_snapshot)
def apply_snapshot(snapshot: Snapshot, *, now: datetime) -> None:
    """Bring an authorization to what Stripe says of it."""
    services.apply_snapshot(snapshot, now=now)


@carries_out(
    services.REVERSAL,
    title="A refund that the network took back",
    propose="clearing.propose_reversal",
    approve="clearing.approve_reversal",
)
def reverse_refund(*, proposed: Proposed, now: datetime) -> str:
    """Undo it."""
    row = services.reverse_refund(
        refund_stripe_id=proposed.payload["refund"],
        stripe_id=proposed.payload["at_stripe"],
        now=now,
    )
    return f"clearing.cardtransaction:{show(CardTransaction.PREFIX, row.id)}"
