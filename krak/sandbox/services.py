"""Customers to try things with: made, funded, frozen and read from outside."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from cards.authorizations.models import Authorization
from cards.cashback import queries as cashback
from cards.clearing.models import CardTransaction
from cards.issuing import queries as issuing_reads
from cards.issuing import services as issuing
from cards.issuing.models import Card, Cardholder, CardStatus
from fx.prices import live
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import queries as lot_reads
from holdings.lots import services as lots
from holdings.trading import services as trading
from krak.core.ids import uuid7
from krak.core.money import at_places, floor_to, places_of, plain
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.customers import services as customers
from krak.customers.models import Customer


@dataclass(frozen=True, slots=True)
class Holding:
    """One lot to begin with: shown units, and what they cost in card currency."""

    asset: str
    quantity: Decimal
    cost_basis: Decimal


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to make."""

    country: str
    card_currency: str
    cash: Decimal
    holdings: Sequence[Holding]
    spend_order: Sequence[str] | None
    excluded: Sequence[str]
    cashback_asset: str | None
    policy: Mapping[str, Any]


@takes_part
def create_customer(
    wanted: NewCustomer, *, now: datetime, name: str = "Sandbox Customer", email: str = ""
) -> tuple[Customer, str, Card]:
    """Make a customer with a card, money and lots; return them, their token and the card."""
    currency = wanted.card_currency
    customer = customers.register(
        email=email or f"{uuid7()}@sandbox.krak.example",
        name=name,
        country=wanted.country,
        home_currency=currency,
    )
    customers.confirm_email(user=customer.user, email=customer.user.email, now=now)
    customers.vouch_for(customer=customer, now=now)
    ledger.open_book(customer_id=customer.id)
    issuing.open_spending(
        customer_id=customer.id,
        cashback_asset=wanted.cashback_asset or currency,
        spend_order=wanted.spend_order,
        excluded=wanted.excluded,
    )
    if wanted.policy:
        issuing.set_policy(
            customer_id=customer.id, currency=currency, effective_at=now, **wanted.policy
        )
    cardholder = issuing.add_cardholder(
        customer_id=customer.id, stripe_id=f"ich_{secrets.token_hex(12)}"
    )
    card = _issue(cardholder, currency)
    if wanted.cash:
        credit_cash(
            customer_id=customer.id,
            currency=currency,
            amount=wanted.cash,
            cause="sandbox:opening",
            now=now,
        )
    for number, holding in enumerate(wanted.holdings):
        _credit_holding(customer.id, currency, holding, number, now=now)
    token = customers.issue_token(customer=customer, device="sandbox", now=now)
    return customer, token, card


def _issue(cardholder: Cardholder, currency: str, *, replaces: Card | None = None) -> Card:
    card = issuing.add_card(
        cardholder=cardholder,
        stripe_id=f"ic_{secrets.token_hex(12)}",
        currency=currency,
        last4=f"{secrets.randbelow(10_000):04}",
        livemode=False,
        replaces=replaces,
    )
    if settings.STRIPE_API_BASE:
        outbox.promise("sandbox.introduce_card", {"card": str(card.id)})
    return card


@takes_part
def credit_cash(
    *, customer_id: UUID, currency: str, amount: Decimal, cause: str, now: datetime
) -> None:
    """Credit cash from custody; a negative amount opens an account overdrawn."""
    account = ledger.account_of(customer_id=customer_id, currency=currency)
    side, other = (CREDIT, DEBIT) if amount > 0 else (DEBIT, CREDIT)
    entry = Entry(
        id=uuid7(),
        customer_id=customer_id,
        cause=cause,
        kind="DEPOSIT",
        event_at=now,
        created_at=now,
        legs=(
            Leg(side, currency, abs(amount), account=account.id, forced=amount < 0),
            Leg(other, currency, abs(amount), house="CUSTODY"),
        ),
        details={"sandbox": True},
    )
    if ledger.post(entry) and amount > 0:
        lots.receive([lots.Moved(customer_id, currency, amount, entry.id, now)])


@takes_part
def deposit(*, customer: Customer, amount: Decimal, cause: str, now: datetime) -> None:
    """Credit cash of the home currency as a bank transfer would; the customer's rules see it."""
    ledger.lock_books([customer.id])
    currency = customer.home_currency
    credit_cash(customer_id=customer.id, currency=currency, amount=amount, cause=cause, now=now)
    trading.promise_auto_convert(
        customer_id=customer.id, currency=currency, amount=amount, cause=cause
    )


def _credit_holding(
    customer_id: UUID, currency: str, holding: Holding, number: int, *, now: datetime
) -> None:
    multiplier = live.current().multiplier(holding.asset, now)
    units = floor_to(holding.quantity / multiplier, places_of(holding.asset))
    account = ledger.account_of(customer_id=customer_id, currency=holding.asset)
    # Several lots come oldest first: each a millisecond after the one before.
    at = now + timedelta(milliseconds=number)
    entry = Entry(
        id=uuid7(),
        customer_id=customer_id,
        cause=f"sandbox:holding:{number}",
        kind="DEPOSIT",
        event_at=at,
        created_at=now,
        legs=(
            Leg(CREDIT, holding.asset, units, account=account.id),
            Leg(DEBIT, holding.asset, units, house="CUSTODY"),
        ),
        details={"sandbox": True},
    )
    ledger.post(entry)
    if holding.asset != currency:
        lots.add(
            [
                lots.Arrival(
                    customer_id=customer_id,
                    currency=holding.asset,
                    units=units,
                    cost=holding.cost_basis,
                    cost_currency=currency,
                    entry_id=entry.id,
                    acquired_at=at,
                )
            ]
        )


@takes_part
def set_card(*, customer_id: UUID, status: CardStatus) -> Card:
    """Set the newest card's status; ACTIVE after CANCELED issues the replacement."""
    card = issuing_reads.newest_card(customer_id=customer_id)
    if card is None:
        raise LookupError(f"customer {customer_id} has no card")
    if status == CardStatus.ACTIVE and card.status == CardStatus.CANCELED:
        return _issue(card.cardholder, card.currency, replaces=card)
    turn = {
        CardStatus.ACTIVE: issuing.unfreeze,
        CardStatus.INACTIVE: issuing.freeze,
        CardStatus.CANCELED: issuing.cancel,
    }[status]
    return turn(card=card)


def position(*, customer: Customer) -> dict[str, Any]:
    """Return what a customer has, in the words of the sandbox contract."""
    with transaction():
        return position_within(customer=customer)


@takes_part
def position_within(*, customer: Customer) -> dict[str, Any]:
    """Return what a customer has, as the transaction that is open sees it."""
    card = issuing_reads.newest_card(customer_id=customer.id)
    currency = card.currency if card else customer.home_currency
    places = places_of(currency)
    balances = ledger_reads.balances(customer_id=customer.id)
    cash = balances.get(currency)
    board = live.current()
    units = {}
    for code, balance in balances.items():
        if code == currency:
            continue
        price = board.price(code)
        units[code] = plain(balance.posted * (price.multiplier if price else 1))
    flags = {
        flag
        for rows in (
            Authorization.objects.filter(customer=customer),
            CardTransaction.objects.filter(customer=customer),
        )
        for row_flags in rows.values_list("flags", flat=True)
        for flag in row_flags
    }
    suspense = ledger_reads.house_balance(
        house="SUSPENSE", currency=currency, customer_id=customer.id
    )
    gains = lot_reads.realised_gains(customer_id=customer.id)
    return {
        "cash": {
            "currency": currency,
            "posted": at_places(cash.posted if cash else Decimal(0), places),
            "held": at_places(cash.held if cash else Decimal(0), places),
            "available": at_places(cash.available if cash else Decimal(0), places),
        },
        "units": units,
        "realised_gain": {
            code: at_places(floor_to(gain, places), places) for code, gain in gains.items()
        },
        "cashback": {
            "amount": at_places(cashback.value_granted(customer_id=customer.id), places),
            "currency": currency,
        },
        "suspense": at_places(suspense, places),
        "flags": sorted(flags),
    }


def proof() -> dict[str, Any]:
    """Return the proof of all books, in the words of the sandbox contract."""
    with transaction():
        kinds = {found.kind for found in ledger_reads.breaks()}
        sums = ledger_reads.sums_by_currency()
        return {
            "balanced": "unbalanced" not in kinds and not any(sums.values()),
            "cached_equals_summed": not kinds & {"posted", "held", "house"},
            "hash_chain_intact": not kinds & {"hash chain", "chain head"},
            "currencies": {code: plain(total) for code, total in sums.items()},
            "journal_entries": ledger_reads.entry_count(),
        }
