"""The bank and the custodian: they tell us things at our doors, signed, and nothing else."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.test import Client, override_settings

from holdings.funding import signing
from holdings.ledger import queries as ledger
from holdings.lots import queries as lots
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from tests.people import Known

IBAN = "DE89370400440532013000"
BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
ETHEREUM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@dataclass
class World:
    """What tells us; each event is a second after the one before unless `at` says otherwise."""

    client: Client
    base: datetime = field(default_factory=lambda: clock.now() - timedelta(hours=1))
    ticks: int = 0

    def event(
        self, kind: str, data: dict[str, Any], *, at: datetime | None = None
    ) -> dict[str, Any]:
        """Return an event that has not been told."""
        self.ticks += 1
        moment = at or self.base + timedelta(seconds=self.ticks)
        return {
            "id": f"evt_{uuid7().hex}",
            "type": kind,
            "created_at": moment.astimezone(UTC).isoformat(),
            "data": data,
        }

    def tell(self, door: str, *events: dict[str, Any]) -> None:
        """Tell events, and do what follows."""
        secret = {"bank": settings.BANK_SECRETS, "chain": settings.CHAIN_SECRETS}[door][0]
        for event in events:
            body = json.dumps(event).encode()
            header = signing.signature(body, secret=secret, at=clock.now())
            response = self.post(door, body, header)
            assert response.status_code == 200, response.content
        work()

    def post(self, door: str, body: bytes, header: str) -> Any:
        """Post a body with a signature."""
        return self.client.post(
            f"/webhooks/{door}/events",
            data=body,
            content_type="application/json",
            headers={signing.HEADER: header},
        )

    def transfer(self, **facts: Any) -> dict[str, Any]:
        """Return the event of a transfer that came in."""
        data = {
            "id": f"tr_{uuid7().hex}", "currency": "EUR", "amount": "250.00", "iban": "",
            "reference": "rent", "sender_name": "Grace Hopper", "sender_iban": IBAN,
        }  # fmt: skip
        return self.event("transfer.received", data | facts)

    def output(self, *, kind: str = "deposit.seen", **facts: Any) -> dict[str, Any]:
        """Return the event of a payment on a chain."""
        data = {
            "network": "bitcoin", "asset": "BTC", "amount": "0.1", "transaction": "f4184fc5",
            "output": 0, "address": "", "confirmations": 0, "block": "",
        }  # fmt: skip
        return self.event(kind, data | facts)

    def payout(self, state: str, withdrawal: str, **facts: Any) -> dict[str, Any]:
        """Return the event of what became of a withdrawal."""
        return self.event(f"payout.{state}", {"key": withdrawal, "id": "bank-1"} | facts)


def work() -> None:
    """Do all promised work."""
    outbox.drain(now=clock.now())


def save(known: Known, *, cool: bool = True, **asked: str) -> str:
    """Save a destination and return its id; `cool` ones can be used at once."""
    body = {"rail": "bank", "account": IBAN, "holder": "Ada Lovelace"} | asked
    if body["rail"] != "bank":
        body.pop("holder")
    account = body["account"].replace(" ", "")
    subject = {"rail": body["rail"], "account": account}
    if "memo" in body:
        subject["memo"] = body["memo"]
    with override_settings(DESTINATION_COOL_DOWN_SECONDS=0 if cool else 86_400):
        made = post(known, "/v1/destinations", body, "add_destination", subject)
    assert made.status_code == 201, made.content
    return str(made.json()["id"])


def post(
    known: Known, path: str, body: dict[str, Any], action: str, subject: dict[str, str]
) -> Any:
    """Post with a proof for exactly this subject."""
    return Client().post(
        path,
        body,
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {known.token}",
            "Idempotency-Key": str(uuid7()),
            "Step-Up": known.proof(action, **subject),
        },
    )


def withdraw(known: Known, destination: str, amount: str, currency: str, fee: str) -> Any:
    """Ask for a withdrawal, proved."""
    body = {"destination": destination, "amount": amount, "currency": currency, "fee": fee}
    return post(known, "/v1/withdrawals", body, "withdraw", body)


def balance(known: Known, currency: str) -> tuple[Decimal, Decimal]:
    """Return what is posted and held."""
    found = ledger.balances(customer_id=known.customer.id).get(currency)
    return (found.posted, found.held) if found else (Decimal(0), Decimal(0))


def books_hold(known: Known) -> None:
    """Prove the customer's books, and that lots hold what the ledger has."""
    assert ledger.breaks(customer_id=known.customer.id) == []
    held = lots.units_in_lots(customer_id=known.customer.id)
    for code, found in ledger.balances(customer_id=known.customer.id).items():
        if code != known.customer.home_currency:
            assert held.get(code, 0) == max(found.posted, Decimal(0)), code
