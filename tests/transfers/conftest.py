"""Two who know each other by tag, and prices with a spread."""

from typing import Any

import pytest

from holdings.ledger import queries as ledger
from holdings.ledger.rules import House
from holdings.lots import queries as lots
from holdings.transfers.models import Transfer, TransferState
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import User
from tests.people import Known, new_customer

SPREAD: dict[str, Any] = {
    "bid": {"EUR": "1.0997", "BTC": "49975"},
    "ask": {"EUR": "1.1003", "BTC": "50025"},
}


@pytest.fixture
def market(pinned: Any) -> Any:
    pinned(SPREAD["bid"], ask=SPREAD["ask"])
    return pinned


def tagged(known: Known) -> Known:
    """Give a customer a tag that no other test has."""
    number = "".join("abcefghjkn"[int(digit)] for digit in str(uuid7().int)[-14:])
    with transaction():
        customers.claim_tag(customer_id=known.customer.id, text=f"t{number}", now=clock.now())
    return known


def tag(known: Known) -> str:
    found = known.get("/v1/me").json()["tag"]
    return str(found["tag"] if isinstance(found, dict) else found)


@pytest.fixture
def ada(market: Any) -> Known:
    """1,000 dollars, 500 euros, 0.1 bitcoin; at home in dollars."""
    return tagged(new_customer(cash="1000", holdings={"EUR": "500", "BTC": "0.1"}, country="BR"))


@pytest.fixture
def bob(market: Any) -> Known:
    """Nothing yet."""
    return tagged(new_customer(country="BR"))


def not_ready(known: Known) -> Known:
    """Let a customer not have verified their address, so that they cannot take money yet."""
    User.objects.filter(customer=known.customer).update(email_verified_at=None)
    return known


def ready(known: Known) -> None:
    """Let them have done so."""
    User.objects.filter(customer=known.customer).update(email_verified_at=clock.now())


def pay(sender: Known, to: Known, amount: str, currency: str = "USD", **more: Any) -> Any:
    key = more.pop("key", "")
    body = {"to": tag(to), "amount": {"amount": amount, "currency": currency}, **more}
    return sender.send("/v1/transfers", body, key=key)


def posted(known: Known, currency: str = "USD") -> Any:
    found = ledger.balances(customer_id=known.customer.id).get(currency)
    return found.posted if found else 0


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def told(known: Known) -> list[tuple[str, dict[str, Any]]]:
    """What was promised to be told to a customer, oldest first."""
    rows = OutboxMessage.objects.filter(
        topic="notifications.tell", payload__customer=str(known.customer.id)
    ).order_by("id")
    return [(row.payload["kind"], row.payload["facts"]) for row in rows]


def books_hold(*people: Known) -> None:
    """The ledger's proof, units in lots, and in transit exactly what waits between these people."""
    waiting: dict[str, Any] = {}
    moved: dict[str, Any] = {}
    for known in people:
        customer_id = known.customer.id
        assert ledger.breaks(customer_id=customer_id) == []
        balances = ledger.balances(customer_id=customer_id)
        in_lots = lots.units_in_lots(customer_id=customer_id)
        assert in_lots == {
            code: each.posted
            for code, each in balances.items()
            if each.posted and code != known.customer.home_currency
        }
        for code in balances:
            moved[code] = moved.get(code, 0) + ledger.house_balance(
                house=House.IN_TRANSIT, currency=code, customer_id=customer_id
            )
        for row in Transfer.objects.filter(customer_id=customer_id, state=TransferState.PENDING):
            waiting[row.currency] = waiting.get(row.currency, 0) + row.units
    assert {code: units for code, units in moved.items() if units} == waiting
