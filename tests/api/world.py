"""A customer with something of everything that an operation can name by an id.

An operation with a parameter in its path finds what to name in `EXAMPLES`; one that finds nothing
there fails its tests until it is added, in one line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from holdings.ledger import services as ledger
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Verification
from tests.api.schema import Operation
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor

UNKNOWN = "01m8kq3v5nf2tbx7d9r6h4s8jw"


@dataclass
class World:
    """One customer and the ids of what is theirs, made when first asked for."""

    known: Known
    newcomer: str
    """The token of somebody who has only just signed up."""
    made: dict[str, str] = field(default_factory=dict)

    def id(self, path: str) -> str:
        """Return an id of an object at a path like `/v1/cards/{id}`."""
        if path not in self.made:
            self.made[path] = EXAMPLES[path](self)
        return self.made[path]

    @property
    def ids(self) -> list[str]:
        """The ids of all that was made and is only theirs."""
        theirs = [made for path, made in self.made.items() if path not in PUBLIC and "_" in made]
        return [self.known.customer.shown_id, self.known.card.shown_id, *theirs]

    def _post(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.known.send(path, body)
        assert answer.status_code in {200, 201}, (path, answer.content)
        made: dict[str, Any] = answer.json()
        return made


def new_world() -> World:
    known = new_customer(cash="1000", holdings={"EUR": "500", "BTC": "0.1"}, country="BR")
    with transaction():
        newcomer = customers.register(
            email=f"{uuid7()}@people.example", name="New", country="BR", home_currency="USD"
        )
        ledger.open_book(customer_id=newcomer.id)
        token = customers.issue_token(customer=newcomer, device="phone", now=clock.now())
    return World(known, token)


def _posted(path: str, body: Any) -> Callable[[World], str]:
    return lambda world: str(world._post(path, body)["id"])


def _quote(world: World) -> str:
    asked = {"sell": "EUR", "buy": "BTC", "sell_amount": "20.00"}
    return str(world._post("/v1/quotes", asked)["id"])


def _trade(world: World) -> str:
    return str(world._post(f"/v1/quotes/{_quote(world)}/accept")["id"])


def _authorization(world: World) -> str:
    door = StripeDoor(Client(), world.known.card.stripe_id)
    assert door.request(12_00).status_code == 200
    return str(world.known.get("/v1/authorizations").json()["results"][0]["id"])


def _device(world: World) -> str:
    return str(world.known.get("/v1/devices").json()["results"][0]["id"])


def _verification(world: World) -> str:
    with transaction():
        begun = Verification.objects.create(
            customer=world.known.customer, level=2, provider="sandbox", started_at=clock.now()
        )
    return begun.shown_id


def _rule(world: World) -> str:
    asked = {"currency": "EUR", "into": "BTC", "percent": "50"}
    answer = world.known.send("/v1/auto-convert", asked, method="put")
    assert answer.status_code == 200, answer.content
    return "EUR"


def _tag(world: World) -> str:
    name = f"t{uuid7().hex[-12:]}"
    answer = world.known.send("/v1/me/tag", {"tag": name}, method="put")
    assert answer.status_code == 200, answer.content
    return name


ORDER = {
    "side": "sell", "asset": "EUR", "against": "USD", "quantity": "5", "limit_price": "3",
}  # fmt: skip
PLAN = {"buy": "BTC", "pay_with": "EUR", "amount": "25.00", "frequency": "monthly"}
EXAMPLES: dict[str, Callable[[World], str]] = {
    "/v1/assets/{code}": lambda world: "BTC",
    "/v1/authorizations/{id}": _authorization,
    "/v1/auto-convert/{currency}": _rule,
    "/v1/cards/{id}": lambda world: world.known.card.shown_id,
    "/v1/devices/{id}": _device,
    "/v1/orders/{id}": _posted("/v1/orders", ORDER),
    "/v1/quotes/{id}": _quote,
    "/v1/recurring-buys/{id}": _posted("/v1/recurring-buys", PLAN),
    "/v1/sandbox/customers/{id}": lambda world: world.known.customer.shown_id,
    "/v1/tags/{tag}": _tag,
    "/v1/trades/{id}": _trade,
    "/v1/verifications/{id}": _verification,
}
"""What there is at the address of one object, by that address."""
IN_BODIES = {"card": "/v1/cards/{id}", "customer": "/v1/sandbox/customers/{id}"}
"""What a field of a body names."""
PUBLIC = {"/v1/assets/{code}", "/v1/tags/{tag}"}
"""What is everybody's: another customer finds it too."""


def address_of(operation: Operation) -> str:
    """Return the address of the object that an operation names: its path up to the parameter."""
    assert len(operation.names) <= 1, f"{operation}: the tests know one id in a path"
    return operation.path[: operation.path.index("}") + 1]
