"""Kraken's interface, spoken to over a socket: signatures, nonces, answers, silence."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from fx.assets import services as assets
from holdings.hedging.gateway.base import Refused, Ticket, Unsure
from holdings.hedging.gateway.kraken import Kraken, signature
from holdings.hedging.gateway.nonces import next_nonce
from holdings.hedging.rules.exposure import Instrument, Side
from krak.core import clock
from krak.core.ids import uuid7
from tests.hedging.kraken_fake import KEY, SECRET, FakeKraken, sign

pytestmark = pytest.mark.django_db

BODY = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
EXPECTED = (
    "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
)


@pytest.fixture
def kraken(fake: FakeKraken) -> Kraken:
    return Kraken(key=KEY, secret=SECRET, url=fake.url, timeout=5)


@pytest.fixture
def ticket(now: datetime) -> Ticket:
    return Ticket(
        client_id=str(uuid7()), pair="XXBTZUSD", tokenized=False, side=Side.BUY,
        quantity=Decimal("0.50"), limit_price=Decimal(50250), deadline=now + timedelta(seconds=30),
    )  # fmt: skip


def test_the_signature_is_that_of_krakens_documentation() -> None:
    assert (
        signature(path="/0/private/AddOrder", nonce="1616492376594", body=BODY, secret=SECRET)
        == EXPECTED
    )
    assert sign("/0/private/AddOrder", "1616492376594", BODY) == EXPECTED


def test_an_order_is_sent_with_all_that_makes_it_safe(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    assert kraken.place(ticket, now=now) == "O00000-FAKE"

    ((call, form),) = fake.calls
    deadline = ticket.deadline.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert call == "AddOrder"
    assert form.pop("nonce")
    assert form == {
        "pair": "XXBTZUSD", "type": "buy", "ordertype": "limit", "price": "50250",
        "timeinforce": "IOC", "volume": "0.5", "cl_ord_id": ticket.client_id,
        "deadline": deadline, "oflags": "fciq",
    }  # fmt: skip


def test_a_share_at_market_names_its_class_and_no_price(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    share = replace(ticket, pair="AAPLxUSD", tokenized=True, side=Side.SELL, limit_price=None)

    kraken.place(share, now=now)

    (form,) = fake.took("AddOrder")
    assert (form["asset_class"], form["ordertype"], form["type"]) == (
        "tokenized_asset", "market", "sell",
    )  # fmt: skip
    assert not {"price", "timeinforce"} & form.keys()


def test_an_order_that_is_only_checked_is_not_taken(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    assert kraken.place(ticket, now=now, validate=True) == ""
    assert fake.took("AddOrder")[0]["validate"] == "true"
    assert fake.orders == []
    assert kraken.find(ticket) is None


def test_an_order_past_its_deadline_is_not_even_sent(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket
) -> None:
    with pytest.raises(Refused):
        kraken.place(ticket, now=ticket.deadline)
    assert fake.calls == []


def test_a_wrong_secret_is_refused_and_lasts(
    fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    other = Kraken(key=KEY, secret="bm90IHRoZSBzZWNyZXQ=", url=fake.url)

    with pytest.raises(Refused, match="EAPI:Invalid signature") as refusal:
        other.place(ticket, now=now)
    assert not refusal.value.passing


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        ("EOrder:Insufficient funds", False),
        ("EOrder:Order minimum not met", False),
        ("EGeneral:Permission denied", False),
        ("EQuery:Unknown asset pair", False),
        ("EOrder:Rate limit exceeded", True),
        ("EAPI:Rate limit exceeded", True),
        ("EService:Market in post_only mode", True),
        ("EService:Market in cancel_only mode", True),
    ],
)
def test_what_kraken_refuses_is_certain(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, error: str, *, passing: bool
) -> None:
    fake.errors["AddOrder"] = [error]

    with pytest.raises(Refused, match=error) as refusal:
        kraken.place(ticket, now=clock.now())
    assert refusal.value.passing is passing


@pytest.mark.parametrize(
    "errors",
    [
        ["EService:Unavailable"],
        ["EService:Busy"],
        ["EService:Timeout"],
        ["EService:Deadline elapsed"],
        ["EGeneral:Internal error"],
        ["ESomething:New"],
        ["EOrder:Insufficient funds", "EService:Busy"],
    ],
)
def test_what_leaves_an_order_open_is_said_to_be_unsure(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime, errors: list[str]
) -> None:
    fake.errors["AddOrder"] = errors

    with pytest.raises(Unsure):
        kraken.place(ticket, now=now)


def test_silence_and_broken_answers_are_unsure(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    fake.silent_after.add("AddOrder")
    with pytest.raises(Unsure):
        kraken.place(ticket, now=now)
    assert len(fake.orders) == 1
    fake.silent_after.clear()
    fake.bad_gateway.add("AddOrder")
    with pytest.raises(Unsure, match="HTTP 502"):
        kraken.place(ticket, now=now)
    nowhere = Kraken(key=KEY, secret=SECRET, url="http://127.0.0.1:1")
    with pytest.raises(Refused, match="nothing was sent"):
        nowhere.place(ticket, now=now)
    with pytest.raises(Unsure):
        nowhere.find(ticket)


def test_a_filled_order_is_found_with_its_fills(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    kraken.place(ticket, now=now)

    report = kraken.find(ticket)

    assert report is not None
    assert (report.order_id, report.open, report.filled) == ("O00000-FAKE", False, Decimal("0.5"))
    (fill,) = report.fills
    assert (fill.quantity, fill.price, fill.cost, fill.fee) == (
        Decimal("0.5"), 50_000, 25_000, 100,
    )  # fmt: skip
    assert report.complete


def test_an_order_whose_fills_are_not_listed_yet_is_not_complete(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    kraken.place(ticket, now=now)
    fake.hides_trades = True

    report = kraken.find(ticket)

    assert report is not None
    assert (report.open, report.filled, report.fills) == (False, Decimal("0.5"), ())
    assert not report.complete


def test_an_open_order_is_found_open_and_can_be_cancelled(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    fake.fill, fake.stays_open = Decimal("0.2"), True
    kraken.place(ticket, now=now)
    report = kraken.find(ticket)
    assert report is not None
    assert (report.open, report.filled) == (True, Decimal("0.1"))

    kraken.cancel(ticket)
    kraken.cancel(ticket)

    report = kraken.find(ticket)
    assert report is not None
    assert (report.open, report.filled, report.complete) == (False, Decimal("0.1"), True)


def test_a_question_that_is_refused_says_nothing_about_the_order(
    kraken: Kraken, fake: FakeKraken, ticket: Ticket
) -> None:
    assert kraken.find(ticket) is None
    fake.errors["ClosedOrders"] = ["EGeneral:Permission denied"]
    with pytest.raises(Unsure):
        kraken.find(ticket)
    fake.errors["CancelOrder"] = ["EGeneral:Permission denied"]
    with pytest.raises(Unsure):
        kraken.cancel(ticket)


def test_a_nonce_that_came_too_late_is_replaced_and_the_call_made_once(
    fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    fake.last_nonce = 5
    nonces = iter([3, 4, 6])
    kraken = Kraken(key=KEY, secret=SECRET, url=fake.url, nonces=lambda _key: next(nonces))

    kraken.place(ticket, now=now)

    assert len(fake.orders) == 1


def test_nonces_that_never_fit_are_given_up(
    fake: FakeKraken, ticket: Ticket, now: datetime
) -> None:
    fake.last_nonce = 5
    nonces = iter(range(1, 100))
    kraken = Kraken(key=KEY, secret=SECRET, url=fake.url, nonces=lambda _key: 5 - next(nonces))

    with pytest.raises(Refused, match="EAPI:Invalid nonce"):
        kraken.place(replace(ticket, quantity=Decimal(1)), now=now)
    assert next(nonces) == 6


def test_nonces_grow_and_each_key_has_its_own() -> None:
    first, second = next_nonce("a"), next_nonce("a")

    assert second > first > 10**15
    assert next_nonce("b") > 10**15


@pytest.mark.usefixtures("committed")
def test_nonces_never_repeat_across_sessions() -> None:
    start = threading.Barrier(4)

    def take(_n: int) -> list[int]:
        try:
            start.wait(10)
            return [next_nonce("shared") for _ in range(25)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(4)))

    assert len({nonce for each in taken for nonce in each}) == 100
    assert all(each == sorted(each) for each in taken)


def _pair(wsname: str, **facts: Any) -> dict[str, Any]:
    return {
        "altname": wsname.replace("/", ""), "wsname": wsname, "pair_decimals": 1,
        "lot_decimals": 8, "ordermin": "0.0001", "costmin": "0.5", "tick_size": "0.1",
        "status": "online",
    } | facts  # fmt: skip


def test_pairs_are_read_by_our_codes_and_a_twin_that_trades_comes_first(
    kraken: Kraken, fake: FakeKraken, now: datetime
) -> None:
    assets.load_catalogue(now=now)
    fake.pairs = {
        "XXBTZUSD": _pair("XBT/USD"), "XXBTZEUR": _pair("XBT/EUR"),
        "ZEURZUSD": _pair("EUR/USD", base="ZEUR"),
        "NEWUSD": _pair("NEWCOIN/USD"), "XETHZUSD": _pair("ETH/USD", tick_size="0"),
    }  # fmt: skip
    fake.tokenized_pairs = {
        "AAPLSPVUSD": _pair("AAPLx/USD", status="cancel_only"), "AAPLxUSD": _pair("AAPLx/USD"),
    }  # fmt: skip

    found = dict(kraken.instruments())

    assert found.keys() == {"BTC", "EUR", "AAPLx"}
    assert found["BTC"] == Instrument(
        "XXBTZUSD", 8, Decimal("0.1"), Decimal("0.0001"), Decimal("0.5"), tokenized=False
    )
    assert (found["AAPLx"].pair, found["AAPLx"].tokenized) == ("AAPLxUSD", True)


def test_a_coin_that_is_called_as_a_money_is_hedges_no_money(
    kraken: Kraken, fake: FakeKraken, now: datetime
) -> None:
    """Kraken's MNT is Mantle, not the tögrög; its BOB is a coin that we do not list."""
    assets.load_catalogue(now=now)
    fake.pairs = {
        "MNTUSD": _pair("MNT/USD", base="MNT"), "BOBUSD": _pair("BOB/USD", base="BOB"),
        "ZGBPZUSD": _pair("GBP/USD", base="ZGBP"),
    }  # fmt: skip

    found = {code: instrument.pair for code, instrument in kraken.instruments()}

    assert found == {"MANTLE": "MNTUSD", "GBP": "ZGBPZUSD"}
