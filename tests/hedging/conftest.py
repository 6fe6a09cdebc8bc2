"""A house with a board, limits, instruments and customers who trade against it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from fx.assets import services as assets
from fx.assets.rules import shipped
from holdings.hedging import services, tasks
from holdings.hedging.models import HedgeOrder, RiskLimit
from holdings.hedging.rules.exposure import Instrument
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.trading.rules.waterfall import Sale, legs_of_sale
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers import services as customers
from tests.hedging.kraken_fake import KEY, SECRET, FakeKraken, running

ASSETS = ("BTC", "ETH", "SOL", "AAPLx", "SPYx", "EUR")


class House:
    """What happens to the house, in a line each."""

    def __init__(self) -> None:
        with transaction():
            self.customer = customers.register(
                email=f"{uuid7()}@krak.test", name="A. Trader", country="US", home_currency="USD"
            )
            ledger.open_book(customer_id=self.customer.id)
        self._accounts: dict[str, UUID] = {}

    def _account(self, code: str) -> UUID:
        if code not in self._accounts:
            account = ledger.account_of(customer_id=self.customer.id, currency=code)
            self._accounts[code] = account.id
        return self._accounts[code]

    def trade(self, code: str, units: Decimal | str, usd: Decimal | str) -> None:
        """Have a customer sell base units for dollars; below zero, buy them."""
        self.trade_all([(code, Decimal(units), Decimal(usd))])

    def trade_all(self, trades: Sequence[tuple[str, Decimal, Decimal]]) -> None:
        """Have a customer make these trades, in one transaction."""
        with transaction(), connection.cursor() as cursor:
            entries = [json.dumps(self._entry(*each).as_json()) for each in trades]
            cursor.execute("SELECT count(ledger_post(e)) FROM unnest(%s::jsonb[]) e", [entries])
            assert cursor.fetchone() == (len(trades),)

    def _entry(self, code: str, units: Decimal, usd: Decimal) -> Entry:
        asset, cash = self._account(code), self._account("USD")
        if units > 0:
            sale = Sale(code, units, usd / units, usd, Decimal(0))
            legs = legs_of_sale(sale, asset_account=asset, cash_account=cash, cash="USD")
        else:
            legs = (
                Leg(CREDIT, code, -units, account=asset),
                Leg(DEBIT, code, -units, house="INVENTORY"),
                Leg(CREDIT, "USD", -usd, house="INVENTORY"),
                Leg(DEBIT, "USD", -usd, account=cash),
            )
        now = clock.now()
        return Entry(
            id=uuid7(), customer_id=self.customer.id, cause=f"trade {uuid7()}", kind="TEST",
            event_at=now, created_at=now, details={},
            # What the customer pays with is of no interest here.
            legs=tuple(replace(leg, forced=leg.account is not None) for leg in legs),
        )  # fmt: skip

    def limit(self, asset: str, **values: Any) -> RiskLimit:
        """Give an asset a limit: a band of 1,000, widened beyond 50,000, stopped beyond 100,000."""
        usual = {
            "band_usd": 1000, "widen_at_usd": 50_000, "widen_bps": 40, "stop_at_usd": 100_000,
            "slip_bps": 50, "reason": "test", "effective_at": clock.now() - timedelta(days=1),
        }  # fmt: skip
        return RiskLimit.objects.create(asset=asset, **usual | values)

    def net(self, now: datetime | None = None) -> list[HedgeOrder]:
        """Net, and return the orders written down by it, by asset."""
        before = set(HedgeOrder.objects.values_list("id", flat=True))
        services.net(now=now or clock.now())
        return list(HedgeOrder.objects.exclude(id__in=before).order_by("asset"))

    def send(self, order: HedgeOrder, now: datetime | None = None) -> HedgeOrder:
        """Do what the outbox does with an order that was written down."""
        tasks.send(payload={"order": str(order.id)}, now=now or clock.now())
        return self.again(order)

    def follow(self, order: HedgeOrder, now: datetime | None = None) -> HedgeOrder:
        """Do what the outbox does with an order that was sent."""
        tasks.follow(payload={"order": str(order.id)}, now=now or clock.now())
        return self.again(order)

    def settle(self) -> list[HedgeOrder]:
        """Net, send and ask after everything."""
        return [self.follow(self.send(order)) for order in self.net()]

    @staticmethod
    def again(order: HedgeOrder | UUID) -> HedgeOrder:
        """Read an order anew."""
        return HedgeOrder.objects.get(id=order if isinstance(order, UUID) else order.id)


def instrument(pair: str, **facts: Any) -> Instrument:
    """Return an instrument of eight decimals and cents."""
    usual: dict[str, Any] = {
        "quantity_places": 8, "tick": Decimal("0.01"),
        "minimum_quantity": Decimal(0), "minimum_cost": Decimal(0),
    }  # fmt: skip
    return Instrument(pair=pair, **usual | facts)


def list_assets(now: datetime) -> None:
    """List our few assets: halts and widenings point to them."""
    with transaction():
        for row in shipped():
            if row.code in ASSETS:
                assets.list_asset(row, now=now)


def list_instruments(venue: str, now: datetime) -> None:
    services.keep_instruments(
        venue=venue,
        found=[(code, instrument(code, tokenized=code.endswith("x"))) for code in ASSETS],
        now=now,
    )


@pytest.fixture
def house(db: None, pinned: Callable[..., Any], settings: Any, now: datetime) -> House:
    """Return the house on paper, with the usual prices (BTC 50,000 · ETH 2,500 · AAPLx 200)."""
    settings.RISK_MEASURES = True
    list_assets(now)
    list_instruments("paper", now)
    pinned()
    return House()


@pytest.fixture
def fake() -> Iterator[FakeKraken]:
    """Return Kraken on a local socket."""
    with running() as server:
        yield server


@pytest.fixture
def at_kraken(house: House, fake: FakeKraken, settings: Any, now: datetime) -> House:
    """Return the house with its orders going to the fake Kraken."""
    settings.EXECUTION = "kraken"
    settings.KRAKEN_API_KEY, settings.KRAKEN_API_SECRET = KEY, SECRET
    settings.KRAKEN_API_URL = fake.url
    list_instruments("kraken", now)
    return house
