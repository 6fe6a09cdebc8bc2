"""Events of Stripe, banks and custodians in our words: read strictly, refused into a case."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from django.db import transaction as django_transaction

from fx.assets import directory
from fx.assets.queries import UnknownAsset
from holdings.funding.models import TakeBackKind
from holdings.funding.providers import provider_name
from holdings.funding.providers.base import PayoutState, Standing
from holdings.funding.queries import code_of_contract
from holdings.funding.rules.addresses import canonical, is_address
from holdings.funding.rules.networks import BANK, NETWORKS, Network
from holdings.funding.rules.payments import INQUIRY, REFUND_FAILED, reinstates, withdraws
from holdings.funding.services.receipts import ReceiptSaid
from holdings.funding.services.sending import PayoutSaid
from holdings.funding.services.take_backs import TakeBackSaid
from holdings.funding.services.top_ups import PaymentSaid
from krak.cases import services as cases
from krak.core.inbox.registry import Applies, applies
from krak.stripe.client import own_id_of
from krak.stripe.events import read_amount
from krak.stripe.reading import (
    FURTHEST_AHEAD,
    UNREADABLE,
    NotForUs,
    Told,
    identifier,
    identifier_or_none,
    mapping,
    text,
    told_by,
    whole,
)

_AMOUNT: Final = re.compile(r"\d{1,17}(\.\d{1,18})?", re.ASCII)
_UNPRINTABLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
MOST_CONFIRMATIONS: Final = 1_000_000_000


class Apply[T](Protocol):
    """Applies what was read from an event."""

    def __call__(self, told: T, /, *, now: datetime) -> None: ...


def applies_event[T](
    provider: str, *types: str, read: Callable[..., T | None]
) -> Callable[[Apply[T]], Applies]:
    """Mark the function that applies what `read` makes of a provider's events of these types.

    `read` is given the body and the time, and returns None for what does not concern us. What
    it cannot read moves nothing and becomes a case.
    """

    def register(apply: Apply[T]) -> Applies:
        def applied(*, body: dict[str, Any], now: datetime) -> None:
            try:
                facts = read(body, now=now)
            except UNREADABLE as error:
                _open_case(provider, error, body, now=now)
                return
            if facts is not None:
                with django_transaction.atomic():
                    apply(facts, now=now)

        return applies(provider, *types)(applied)

    return register


def _open_case(provider: str, error: Exception, body: dict[str, Any], *, now: datetime) -> None:
    cases.open_case(
        kind="funding.event_refused",
        subject=f"{provider} {text(body.get('id'), 100)}",
        customer_id=None,
        now=now,
        type=text(body.get("type"), 120),
        detail=text(f"{type(error).__name__}: {error}", 500),
    )


# --- Stripe --------------------------------------------------------------------------------------
def read_payment(body: dict[str, Any], *, now: datetime) -> PaymentSaid:
    """Return a `payment_intent` in our words."""
    told = told_by(body, now=now)
    said = told.object
    succeeded = told.type == "payment_intent.succeeded"
    currency = said["currency"]
    failure = mapping(said.get("last_payment_error")).get("message")
    return PaymentSaid(
        event=told.type,
        stripe_id=identifier(said["id"]),
        own_id=own_id_of(said),
        received=read_amount(whole(said["amount_received"], least=1), currency)
        if succeeded
        else Decimal(0),
        currency=currency.upper(),
        failure=line(failure or said.get("cancellation_reason"), 200),
        event_at=told.event_at,
    )


def read_refund(body: dict[str, Any], *, now: datetime) -> TakeBackSaid | None:
    """Return a `refund` in our words, None for one of no payment intent."""
    told = told_by(body, now=now)
    failed = text(told.object["status"]) in REFUND_FAILED
    return _take_back(told, TakeBackKind.REFUND, withdrawn=True, ended=failed)


def read_dispute(body: dict[str, Any], *, now: datetime) -> TakeBackSaid | None:
    """Return a `dispute` of a charge in our words, None for one of no payment intent."""
    told = told_by(body, now=now)
    status = text(told.object["status"])
    if status.startswith(INQUIRY):
        return None
    return _take_back(
        told,
        TakeBackKind.DISPUTE,
        withdrawn=withdraws(told.type, status),
        ended=reinstates(told.type, status),
    )


def _take_back(
    told: Told, kind: TakeBackKind, *, withdrawn: bool, ended: bool
) -> TakeBackSaid | None:
    said = told.object
    intent = identifier_or_none(said.get("payment_intent"))
    if intent is None:
        return None
    currency = said["currency"]
    return TakeBackSaid(
        kind=kind,
        stripe_id=identifier(said["id"]),
        intent=intent,
        amount=read_amount(whole(said["amount"], least=1), currency),
        currency=currency.upper(),
        withdrawn=withdrawn,
        ended=ended,
        reason=line(said.get("reason"), 60),
        event_at=told.event_at,
    )


# --- Banks and custodians ------------------------------------------------------------------------
def read_transfer(body: dict[str, Any], *, now: datetime) -> ReceiptSaid:
    """Return a bank's `transfer.received` in our words."""
    said = _data(body)
    return ReceiptSaid(
        provider=provider_name(BANK),
        provider_reference=_required(said["id"], 120),
        rail=BANK,
        currency=_asset(said["currency"], cash=True),
        amount=_amount(said["amount"]),
        account=line(said.get("iban"), 34).replace(" ", "").upper(),
        reference=line(said.get("reference"), 200),
        sender_name=line(said.get("sender_name"), 140),
        sender_account=line(said.get("sender_iban"), 34),
        confirmations=0,
        block="",
        dropped=False,
        said_at=_moment(body, now=now),
    )


def read_output(body: dict[str, Any], *, now: datetime) -> ReceiptSaid | None:
    """Return a custodian's `deposit.seen` or `deposit.dropped` in our words.

    None for a token that is none of ours, whatever it calls itself.
    """
    said = _data(body)
    found = NETWORKS[said["network"]]
    code = _on_chain(said, found)
    if code is None:
        return None
    network, address = found.code, _required(said["address"], 128)
    if not is_address(found, address):
        raise ValueError(f"{address} is no address of {network}")
    transaction, output = _required(said["transaction"], 100), said.get("output", 0)
    return ReceiptSaid(
        provider=provider_name(network),
        provider_reference=f"{network}:{transaction}:{whole(output)}",
        rail=network,
        currency=code,
        amount=_amount(said["amount"]),
        account=canonical(found, address),
        reference=line(said.get("memo"), 64),
        sender_name="",
        sender_account=line(said.get("sender"), 128),
        confirmations=min(whole(said.get("confirmations", 0)), MOST_CONFIRMATIONS),
        block=line(said.get("block"), 80),
        dropped=body["type"] == "deposit.dropped",
        said_at=_moment(body, now=now),
    )


def read_payout(body: dict[str, Any], *, now: datetime) -> PayoutSaid:  # noqa: ARG001 - as all are called
    """Return a `payout.…` of either in our words."""
    said = _data(body)
    state = PayoutState(body["type"].removeprefix("payout.").upper())
    reference = line(said.get("transaction") or said.get("id"), 160)
    return PayoutSaid(
        key=_required(said["key"], 60),
        standing=Standing(state, reference, line(said.get("reason"), 200)),
    )


def _data(body: dict[str, Any]) -> dict[str, Any]:
    said = body["data"]
    if not isinstance(said, dict):
        raise TypeError("the event carries no data")
    return said


def _moment(body: dict[str, Any], *, now: datetime) -> datetime:
    at = datetime.fromisoformat(body["created_at"])
    if at.tzinfo is None:
        raise ValueError("the time is of no zone")
    if at > now + FURTHEST_AHEAD:
        raise NotForUs("the event is from the future")
    return at.astimezone(UTC)


def _asset(value: object, *, cash: bool) -> str:
    code = _required(value, 16)
    try:
        asset = directory.named(code)
    except UnknownAsset:
        raise ValueError(f"no asset is called {code}") from None
    if asset.properties.is_cash is not cash:
        raise ValueError(f"{code} does not travel this way")
    return code


def _on_chain(said: dict[str, Any], network: Network) -> str | None:
    """Return which asset came: a token by its contract, a coin by its code."""
    if said.get("token") is not None:
        return code_of_contract(_required(said["token"], 64), network)
    code = _asset(said["asset"], cash=False)
    if directory.named(code).properties.has_multiplier:
        raise ValueError(f"{code} is known by its contract, which is not said")
    return code


def _amount(value: object) -> Decimal:
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise ValueError(f"{str(value)[:60]!r} is no amount")
    amount = Decimal(value)
    if amount < Decimal("1e-10"):
        raise ValueError("there is nothing to receive")
    return amount


def _required(value: object, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or line(value, longest) != value:
        raise ValueError(f"{str(value)[:60]!r} is no name")
    return value


def line(value: object, longest: int) -> str:
    """Return a text as one line that can be kept and shown, cut to `longest`; "" for none."""
    return _UNPRINTABLE.sub("", text(value, longest))
