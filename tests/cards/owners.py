"""Somebody who orders cards, and what they wish of them."""

from typing import Any

import pytest

from cards.issuing import services as issuing
from cards.issuing.models import (
    Card,
    Cardholder,
    CardType,
)
from cards.issuing.services.cardholders import Person
from holdings.ledger import services as ledger
from krak.core import clock
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Customer
from tests.cards.stripe_side import StripeSide

ADA = Person(
    first_name="Ada",
    last_name="Lovelace",
    phone_number="+442071234567",
    address={
        "line1": "12 St James's Square",
        "city": "London",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    },
    terms_accepted_ip="203.0.113.7",
)


@pytest.fixture
def ada(pinned: Any) -> Customer:
    """Return somebody who has a book, and neither card nor cardholder yet."""
    pinned()
    with transaction():
        customer = customers.register(
            email=f"ada.{clock.now().timestamp()}@example.com",
            name="Ada Lovelace",
            country="GB",
            home_currency="GBP",
        )
        ledger.open_book(customer_id=customer.id)
    return customer


def enrol(customer: Customer) -> Cardholder:
    """Tell us who the cards of a customer are for."""
    with transaction():
        return issuing.enrol(customer_id=customer.id, person=ADA, now=clock.now())


def order(customer: Customer, **wanted: Any) -> Card:
    """Order a card as the app does."""
    with transaction():
        return issuing.order(
            customer_id=customer.id,
            **{"currency": "GBP", "type": CardType.VIRTUAL} | wanted,
        )


def do(service: Any, card: Card, **how: Any) -> Card:
    """Call a service about a card."""
    with transaction():
        done: Card = service(card=card, **how)
    return done


def card_of(customer: Customer, stripe_side: StripeSide, **wanted: Any) -> Card:
    """Return a card that Stripe has made."""
    if not Cardholder.objects.filter(customer=customer).exists():
        enrol(customer)
    card = order(customer, **wanted)
    stripe_side.work()
    return Card.objects.get(id=card.id)
