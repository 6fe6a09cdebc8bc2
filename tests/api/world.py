"""A customer with something of everything that an operation can name by an id.

An operation with a parameter in its path finds what to name in `EXAMPLES`; one that finds nothing
there fails its tests until it is added, in one line.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.test import Client

from cards.clearing.models import CardTransaction
from cards.issuing.api.cards import NEW_CARDS
from fx.assets import directory
from fx.assets.models import Asset
from fx.assets.services import load_catalogue
from holdings.ledger import services as ledger
from holdings.primary.models import Party
from holdings.statements import services as statements
from holdings.statements.models import Statement
from holdings.statements.rules import Month
from krak.api.limits import MONEY
from krak.core import clock
from krak.core.ids import show, uuid7
from krak.core.limits import services as limits
from krak.core.limits.rules import Counted
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import User, Verification
from krak.exports.api import EXPORTS
from krak.exports.models import Export, ExportFile
from krak.identity.models import Device
from krak.sandbox import primary
from krak.sandbox import services as sandbox
from tests.api.schema import Operation
from tests.funding.world import BITCOIN, save, withdraw
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor

UNKNOWN = "01m8kq3v5nf2tbx7d9r6h4s8jw"


@dataclass
class World:
    """One customer and the ids of what is theirs, made when first asked for."""

    known: Known
    friend: Known
    newcomer: str
    """The token of somebody who has only just signed up."""
    newcomers_tag: str
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

    def make_all(self, *, but: Collection[str] = ()) -> None:
        """Make one of everything."""
        for path in EXAMPLES:
            if path not in but:
                self.id(path)
        outbox.drain(now=clock.now())

    def today(self) -> "World":
        """Return it for one test: what goes stale is made anew, and nothing was done too often."""
        for each in (self.known, self.friend):
            by = str(each.customer.id)
            for door in (MONEY, EXPORTS, NEW_CARDS):
                limits.forget([Counted(f"{door.act}:{n.seconds}", by, n) for n in door.limits])
        made = {path: shown for path, shown in self.made.items() if path not in STALE}
        return replace(self, made=made)


def new_world() -> World:
    """Return a customer, their friend who has a tag, and a newcomer who has one too."""
    known = new_customer(cash="1000", holdings={"EUR": "500", "BTC": "0.1"}, country="BR")
    friend = new_customer(cash="100", holdings={"EUR": "50"}, country="BR")
    with transaction():
        newcomer = customers.register(
            email=f"{uuid7()}@people.example", name="New", country="BR", home_currency="USD"
        )
        ledger.open_book(customer_id=newcomer.id)
        token = customers.issue_token(customer=newcomer, device="phone", now=clock.now())
        tag = customers.claim_tag(customer_id=newcomer.id, text=_a_tag(), now=clock.now())
        customers.claim_tag(customer_id=friend.customer.id, text=_a_tag(), now=clock.now())
    outbox.drain(now=clock.now())
    return World(known, friend, token, tag.tag)


def _a_tag() -> str:
    return f"t{uuid7().hex[-12:]}"


def _post(known: Known, path: str, body: Any = None) -> dict[str, Any]:
    answer = known.send(path, body)
    assert answer.status_code in {200, 201, 202}, (path, answer.content)
    made: dict[str, Any] = answer.json()
    return made


def _posted(path: str, body: Any) -> Callable[[World], str]:
    return lambda world: str(_post(world.known, path, body)["id"])


def _quote(world: World) -> str:
    asked = {"sell": "EUR", "buy": "BTC", "sell_amount": "20.00"}
    return str(_post(world.known, "/v1/quotes", asked)["id"])


def _trade(world: World) -> str:
    return str(_post(world.known, f"/v1/quotes/{_quote(world)}/accept")["id"])


def _authorization(world: World) -> str:
    door = StripeDoor(Client(), world.known.card.stripe_id)
    assert door.request(12_00).status_code == 200
    return str(world.known.get("/v1/authorizations").json()["results"][0]["id"])


def _capture(world: World) -> str:
    """Buy something, let it clear, and return the id by which it is disputed."""
    door, name = StripeDoor(Client(), world.known.card.stripe_id), uuid7().hex[-12:]
    door.transaction(3_00, transaction=name, kind="capture", authorization=None)
    outbox.drain(now=clock.now())
    cleared = CardTransaction.objects.filter(customer=world.known.customer).latest("id")
    return show(CardTransaction.PREFIX, cleared.id)


def _dispute(world: World) -> str:
    asked = {"transaction": _capture(world), "reason": "other", "explanation": "No."}
    return str(_post(world.known, "/v1/disputes", asked)["id"])


def _phone(world: World) -> str:
    """Return a device that somebody signed in with: one with an access token gets no pushes."""
    now = clock.now()
    made = Device.objects.create(
        user=world.known.customer.user,
        digest=uuid7().bytes * 2,
        name="Pixel",
        platform="android",
        created_at=now,
        last_seen_at=now,
    )
    return show(Device.PREFIX, made.id)


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


def _friends_tag(world: World) -> str:
    return str(world.friend.get("/v1/me").json()["tag"])


def _tag(world: World) -> str:
    if not world.known.get("/v1/me").json()["tag"]:
        answer = world.known.send("/v1/me/tag", {"tag": _a_tag()}, method="put")
        assert answer.status_code == 200, answer.content
    return str(world.known.get("/v1/me").json()["tag"])


def _transfer(world: World) -> str:
    """Pay somebody who cannot take it yet: it waits."""
    asked = {"to": world.newcomers_tag, "amount": TEN}
    return str(_post(world.known, "/v1/transfers", asked)["id"])


def _transfer_to_them(world: World) -> str:
    """Let something wait for them from before they could take it."""
    theirs = User.objects.filter(customer=world.known.customer)
    theirs.update(email_verified_at=None)
    asked = {"to": world.id("/v1/tags/{tag}"), "amount": TEN}
    made = str(_post(world.friend, "/v1/transfers", asked)["id"])
    theirs.update(email_verified_at=clock.now())
    return made


def _own_request(world: World) -> str:
    asked = {"of": _friends_tag(world), "amount": TEN}
    return str(_post(world.known, "/v1/payment-requests", asked)["id"])


def _friends_request(world: World) -> str:
    asked = {"of": world.id("/v1/tags/{tag}"), "amount": TEN}
    return str(_post(world.friend, "/v1/payment-requests", asked)["id"])


def _friends_link(world: World) -> str:
    if "token" not in world.made:
        made = _post(world.friend, "/v1/payment-links", {"amount": TEN})
        world.made["token"] = str(made["token"])
    return world.made["token"]


def _split(world: World) -> str:
    asked = {"amount": TEN, "shares": [{"tag": _friends_tag(world)}]}
    return str(_post(world.known, "/v1/split-bills", asked)["id"])


def _top_up(world: World) -> str:
    asked = {"method": "card", "amount": "50.00", "currency": "EUR"}
    return str(_post(world.known, "/v1/top-ups", asked)["id"])


def _deposit(world: World) -> str:
    top_up = world.known.get(f"/v1/top-ups/{world.id('/v1/top-ups/{id}')}").json()
    return str(top_up["deposit"])


def _withdrawal(world: World) -> str:
    destination = world.id("/v1/destinations/{id}")
    answer = withdraw(world.known, destination, "10", "EUR", "0")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def _wallet(world: World) -> str:
    if "wallet" not in world.made:
        world.made["wallet"] = save(world.known, rail="bitcoin", account=BITCOIN)
    return world.made["wallet"]


def _primary_request(world: World) -> str:
    """Let somebody be a party who has enough of both sides, and ask for shares."""
    known, now = world.known, clock.now()
    if not Asset.objects.filter(code="AAPLx").exists():
        load_catalogue(now=now)
        directory.forget()
    if not Party.objects.filter(customer=known.customer).exists():
        primary.let_in(known.customer, "solana")
        with transaction():
            for code, amount in (("USD", 100_000), ("AAPLx", 200)):
                sandbox.credit_cash(
                    customer_id=known.customer.id, currency=code, amount=Decimal(amount),
                    cause=f"world:{code}", now=now,
                )  # fmt: skip
    asked = {"asset": "AAPLx", "cash": "10000.00"}
    return str(_post(known, "/v1/primary/subscriptions", asked)["id"])


def _export(world: World) -> str:
    """Keep a file as the worker does, which needs transactions of its own for it."""
    content, later = b"asset\r\n", clock.now() + timedelta(days=7)
    made = Export.objects.create(
        customer=world.known.customer,
        kind="activity",
        rows_total=0,
        file_name="krak-activity.csv",
        media_type="text/csv; charset=utf-8",
        size=len(content),
        sha256=sha256(content).digest(),
        created_at=clock.now(),
        started_at=clock.now(),
        finished_at=clock.now(),
        expires_at=later,
    )
    ExportFile.objects.create(export=made, content=content, expires_at=later)
    return made.shown_id


def _statement(world: World) -> str:
    """Keep this month's as the job of the clock does once it is over, which a test cannot await."""
    month, owner = Month.of(clock.now()), world.known.customer.id
    drawn = statements._draw_up(month, after=None, customer_id=owner)
    made = Statement.objects.create(
        customer_id=owner,
        month_on=month.begins_at.date(),
        first_sequence=drawn.first,
        last_sequence=drawn.last,
        facts=drawn.facts,
        digest=statements.digest(drawn.facts),
        issued_at=month.ends_at,
    )
    return made.shown_id


TEN = {"amount": "10.00", "currency": "EUR"}
ORDER = {
    "side": "sell", "asset": "EUR", "against": "USD", "quantity": "5", "limit_price": "3",
}  # fmt: skip
ALERT = {"asset": "BTC", "direction": "above", "price": "100000", "currency": "USD"}
PLAN = {"buy": "BTC", "pay_with": "EUR", "amount": "25.00", "frequency": "monthly"}
EXAMPLES: dict[str, Callable[[World], str]] = {
    "/v1/assets/{code}": lambda world: "BTC",
    "/v1/authorizations/{id}": _authorization,
    "/v1/auto-convert/{currency}": _rule,
    "/v1/cards/{id}": lambda world: world.known.card.shown_id,
    "/v1/deposits/{id}": _deposit,
    "/v1/destinations/{id}": lambda world: save(world.known, account="GB33BUKB20201555555555"),
    "/v1/devices/{id}": _device,
    "/v1/devices/{id}/push-token": _phone,
    "/v1/disputes/{id}": _dispute,
    "/v1/exports/{id}": _export,
    "/v1/orders/{id}": _posted("/v1/orders", ORDER),
    "/v1/payment-links/{id}": _posted("/v1/payment-links", {"amount": TEN}),
    "/v1/payment-requests/{id}": _friends_request,
    "/v1/payment-requests/{id}/cancel": _own_request,
    "/v1/price-alerts/{id}": _posted("/v1/price-alerts", ALERT),
    "/v1/primary/requests/{id}": _primary_request,
    "/v1/quotes/{id}": _quote,
    "/v1/recurring-buys/{id}": _posted("/v1/recurring-buys", PLAN),
    "/v1/sandbox/chains/{network}": lambda world: "bitcoin",
    "/v1/sandbox/customers/{id}": lambda world: world.known.customer.shown_id,
    "/v1/sandbox/disputes/{id}": lambda world: world.id("/v1/disputes/{id}"),
    "/v1/sandbox/primary-requests/{id}": lambda world: world.id("/v1/primary/requests/{id}"),
    "/v1/sandbox/top-ups/{id}": lambda world: world.id("/v1/top-ups/{id}"),
    "/v1/sandbox/withdrawals/{id}": lambda world: world.id("/v1/withdrawals/{id}"),
    "/v1/split-bills/{id}": _split,
    "/v1/statements/{id}": _statement,
    "/v1/tags/{tag}": _tag,
    "/v1/top-ups/{id}": _top_up,
    "/v1/trades/{id}": _trade,
    "/v1/transfers/{id}": _transfer,
    "/v1/transfers/{id}/accept": _transfer_to_them,
    "/v1/verifications/{id}": _verification,
    "/v1/withdrawals/{id}": _withdrawal,
    "/v1/withdrawals/{id}/cancel": _withdrawal,
}
"""What there is at the address of one object, by that address; by a longer one, for one act."""
STALE = {"/v1/quotes/{id}", "/v1/withdrawals/{id}/cancel"}
"""What only holds for seconds, or until the next job."""
NAMED_ALIKE = {"/v1/auto-convert/{currency}"}
"""Where two customers' own have one name: a stranger has none."""
IN_BODIES: dict[str, Callable[[World], str]] = {
    "card": lambda world: world.id("/v1/cards/{id}"),
    "customer": lambda world: world.id("/v1/sandbox/customers/{id}"),
    "destination": _wallet,
    "of": _friends_tag,
    "shares": _friends_tag,
    "to": _friends_tag,
    "token": _friends_link,
    "transaction": _capture,
}
"""What a field of a body names; in `shares` it is the tag of each."""
PUBLIC = {"/v1/assets/{code}", "/v1/tags/{tag}"}
"""What is everybody's: another customer finds it too."""


def address_of(operation: Operation) -> str:
    """Return the address of the object that an operation names: its path up to the parameter."""
    assert len(operation.names) <= 1, f"{operation}: the tests know one id in a path"
    if operation.path in EXAMPLES:
        return operation.path
    return operation.path[: operation.path.index("}") + 1]
