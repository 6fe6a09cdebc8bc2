"""Customers as the sandbox makes them, with a token for the customer API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.test import Client

from cards.issuing.models import Card
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers.models import Customer
from krak.sandbox import services as sandbox


@dataclass(frozen=True, slots=True)
class Known:
    """A customer, their token and their card."""

    customer: Customer
    token: str
    card: Card

    def get(self, path: str) -> Any:
        """Ask the API as this customer."""
        return Client().get(path, headers={"Authorization": f"Bearer {self.token}"})

    def proof(self, action: str, **subject: str) -> str:
        """Step up for one act, and return what the `Step-Up` header takes."""
        made = Client().post(
            "/v1/step-up",
            {"action": action, "subject": subject, "code": "424242"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return str(made.json()["id"])

    def send(self, path: str, body: Any = None, *, method: str = "post", key: str = "") -> Any:
        """Send JSON to the API as this customer, with an `Idempotency-Key` of its own or `key`."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Idempotency-Key": key or str(uuid7()),
        }
        return getattr(Client(), method)(
            path, body, content_type="application/json", headers=headers
        )


def new_customer(
    *,
    cash: str = "0",
    holdings: Mapping[str, str] | None = None,
    excluded: Sequence[str] = (),
    cashback_asset: str | None = None,
    country: str = "US",
) -> Known:
    """Return a new customer in USD; holdings are shown units that cost nothing."""
    with transaction():
        customer, token, card = sandbox.create_customer(
            sandbox.NewCustomer(
                country=country,
                card_currency="USD",
                cash=Decimal(cash),
                holdings=[
                    sandbox.Holding(code, Decimal(units), Decimal(0))
                    for code, units in (holdings or {}).items()
                ],
                spend_order=None,
                excluded=excluded,
                cashback_asset=cashback_asset,
                policy={},
            ),
            now=clock.now(),
        )
    return Known(customer, token, card)
