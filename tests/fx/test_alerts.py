"""Price alerts: set over HTTP, fired by boards, once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.db import transaction as django_transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from fx.alerts import queries, services
from fx.alerts.models import PriceAlert
from fx.alerts.rules import Direction, is_reached, per_base_unit, per_shown_unit
from fx.alerts.services import MOST_WAITING
from fx.alerts.tasks import fire
from fx.assets.rules import Activation
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.notifications.models import Notification
from tests.boards import board_of_pins
from tests.people import Known, new_customer
from tests.races import in_a_thread, other_session, wait_for_blocked

__all__ = ["other_session"]

UP: dict[str, Any] = {"asset": "BTC", "direction": "above", "price": "60000", "currency": "USD"}
HOUR = timedelta(hours=1)


@pytest.fixture
def known(db: None, pinned: Any) -> Known:
    pinned()
    return new_customer()


def sets(known: Known, **wanted: Any) -> dict[str, Any]:
    answer = known.send("/v1/price-alerts", UP | wanted)
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


def fires(now: datetime | None = None, **bid: str) -> int:
    now = now or clock.now()
    return services.fire_crossed(board=board_of_pins(bid, built_at=now), now=now)


def told(known: Known) -> list[dict[str, Any]]:
    outbox.drain(now=clock.now())
    notices = Notification.objects.filter(customer=known.customer, kind="price.alert")
    return list(notices.order_by("id").values_list("facts", flat=True))


def test_an_alert_waits_fires_once_and_says_so(known: Known) -> None:
    made = sets(known)
    assert made | {"id": "", "created_at": ""} == {
        "object": "price_alert", "id": "", "state": "active", "asset": "BTC",
        "direction": "above", "price": {"amount": "60000.00", "currency": "USD"},
        "pause_hours": None, "fires": 0, "fired_at": None, "rests_until": None,
        "created_at": "", "livemode": False,
    }  # fmt: skip
    assert fires(BTC="59999.99") == 0
    assert fires(BTC="60000") == 1
    assert fires(BTC="61000") == 0

    assert told(known) == [
        {
            "alert": made["id"], "asset": "BTC", "direction": "above",
            "price": {"amount": "60000", "currency": "USD"},
            "market": {"amount": "60000", "currency": "USD"},
        }
    ]  # fmt: skip
    shown = known.get(f"/v1/price-alerts/{made['id']}").json()
    assert (shown["state"], shown["fires"]) == ("fired", 1)
    assert known.get("/v1/price-alerts").json()["results"] == [shown]


def test_one_below_fires_at_its_price_and_under_it(known: Known) -> None:
    sets(known, direction="below", price="40000")
    assert fires(BTC="40000.01") == 0
    assert fires(BTC="40000") == 1


def test_one_in_another_currency_fires_by_the_middle_of_both(known: Known) -> None:
    sets(known, currency="EUR", price="50000")
    assert fires(BTC="54999") == 0
    assert fires(BTC="55000") == 1
    (facts,) = told(known)
    assert facts["market"] == {"amount": "50000", "currency": "EUR"}


def test_one_that_repeats_rests_for_its_pause(known: Known) -> None:
    made = sets(known, pause_hours=2)
    now = clock.now()
    assert fires(now, BTC="60000") == 1
    assert known.get(f"/v1/price-alerts/{made['id']}").json()["state"] == "resting"
    assert fires(now + 2 * HOUR - timedelta(microseconds=1), BTC="60000") == 0
    assert fires(now + 2 * HOUR, BTC="59999") == 0
    assert known.get(f"/v1/price-alerts/{made['id']}").json()["state"] == "active"
    assert fires(now + 3 * HOUR, BTC="60001") == 1
    assert len(told(known)) == 2


@pytest.mark.parametrize("state", [{"stale": ["BTC"]}, {"halted": ["BTC"]}, {"stale": ["USD"]}])
def test_a_price_that_nobody_should_go_by_fires_nothing(known: Known, state: Any) -> None:
    sets(known)
    board = board_of_pins({"BTC": "70000"}, **state)
    assert services.fire_crossed(board=board, now=clock.now()) == 0
    assert fires(BTC="70000") == 1


def test_a_split_fires_nothing_and_changes_what_is_shown(known: Known, pinned: Any) -> None:
    made = sets(known, asset="AAPLx", direction="below", price="150")
    split = board_of_pins({"AAPLx": "100"}, multipliers={"AAPLx": "2"})
    assert services.fire_crossed(board=split, now=clock.now()) == 0
    pinned({"AAPLx": "100"}, multipliers={"AAPLx": "2"})
    shown = known.get(f"/v1/price-alerts/{made['id']}").json()
    assert shown["price"] == {"amount": "75.00", "currency": "USD"}
    fallen = board_of_pins({"AAPLx": "75"}, multipliers={"AAPLx": "2"})
    assert services.fire_crossed(board=fallen, now=clock.now()) == 1


def test_a_board_from_before_a_split_fires_nothing_after_it(known: Known) -> None:
    now = clock.now()
    sets(known, asset="AAPLx", price="250")
    board = board_of_pins(
        {"AAPLx": "200"},
        built_at=now - timedelta(seconds=1),
        activations={"AAPLx": (Activation(at=now, multiplier=Decimal(2)),)},
    )
    assert services.fire_crossed(board=board, now=now) == 0


def test_what_cannot_be_waited_for_is_refused(known: Known, pinned: Any) -> None:
    def code(**wanted: Any) -> tuple[int, str]:
        answer = known.send("/v1/price-alerts", UP | wanted)
        return answer.status_code, answer.json()["code"]

    assert code(price="50000") == (422, "alerts.already_reached")
    assert code(direction="below", price="50000") == (422, "alerts.already_reached")
    assert code(currency="ETH") == (400, "alerts.not_a_currency")
    assert code(asset="USD") == (400, "alerts.not_a_currency")
    assert code(asset="NOPE") == (404, "assets.unknown")
    assert code(asset="PAXG") == (503, "alerts.no_price")
    assert code(price="0") == (400, "api.invalid")
    assert code(pause_hours=0) == (400, "api.invalid")
    assert code(direction="sideways") == (400, "api.invalid")
    assert not PriceAlert.objects.exists()


def test_fifty_wait_at_a_time_and_fired_ones_make_room(known: Known) -> None:
    for number in range(MOST_WAITING):
        sets(known, price=str(60000 + number))
    refused = known.send("/v1/price-alerts", UP)
    assert (refused.status_code, refused.json()["code"]) == (422, "alerts.too_many")
    assert fires(BTC="60000") == 1
    sets(known, price="70000")


def test_what_is_anothers_is_not_found(known: Known) -> None:
    address = f"/v1/price-alerts/{sets(known)['id']}"
    other = new_customer()
    for answer in (
        other.get(address),
        other.send(address, method="delete"),
        other.get("/v1/price-alerts/nonsense"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "alerts.not_found")
    assert other.get("/v1/price-alerts").json()["results"] == []
    assert known.send(address, method="delete").status_code == 204
    assert known.send(address, method="delete").status_code == 404
    assert fires(BTC="70000") == 0


def test_the_same_key_sets_one(known: Known) -> None:
    first = known.send("/v1/price-alerts", UP, key="one")
    again = known.send("/v1/price-alerts", UP, key="one")
    assert first.json() == again.json()
    assert PriceAlert.objects.count() == 1


def test_the_job_fires_by_the_board_of_its_process(known: Known, pinned: Any) -> None:
    sets(known)
    pinned({"BTC": "60000"})
    fire()
    assert PriceAlert.objects.get().fires == 1


def _many(known: Known, count: int, **facts: Any) -> None:
    now = clock.now()
    PriceAlert.objects.bulk_create(
        PriceAlert(
            **{
                "id": uuid7(), "customer": known.customer, "asset": "BTC", "currency": "USD",
                "direction": "ABOVE", "price": Decimal(60000 + number),
                "base_price": Decimal(60000 + number), "created_at": now,
            }
            | facts
        )
        for number in range(count)
    )  # fmt: skip


def test_however_many_wait_a_round_asks_as_little(known: Known) -> None:
    _many(known, 3000)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert fires(BTC="59000") == 0
    assert len(asked) == 3
    with CaptureQueriesContext(connection) as asked:
        assert fires(BTC="60000") == 1
    assert len([each for each in asked if "SAVEPOINT" not in each["sql"]]) == 6


def test_only_crossed_alerts_are_read(known: Known) -> None:
    _many(known, 3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE alerts_pricealert")
        # A small table may be read whole at the same cost; what counts is that the index serves.
        cursor.execute("SET LOCAL enable_seqscan = off")
        market: list[list[Any]] = [["BTC"], ["USD"], [Decimal(60001)]]
        cursor.execute(f"EXPLAIN {queries._CROSSED}", [*market, *market, 5000])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "alerts_that_wait" in plan
    assert "base_price <= market.price" in plan
    assert "base_price >= market_1.price" in plan


@given(
    price=st.decimals("0.0000000001", "999999999999999999", places=10),
    multiplier=st.decimals("0.000000000000000001", "9999999999", places=18),
)
def test_a_price_goes_to_base_units_and_back_exactly(price: Decimal, multiplier: Decimal) -> None:
    base = per_base_unit(price, multiplier=multiplier)
    assert per_shown_unit(base, multiplier=multiplier) == price
    assert is_reached(Direction.ABOVE, base_price=base, market=base)
    assert is_reached(Direction.BELOW, base_price=base, market=base)
    hair = base * 2
    assert is_reached(Direction.ABOVE, base_price=base, market=hair)
    assert not is_reached(Direction.BELOW, base_price=base, market=hair)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"price": Decimal(0)}, "an_alert_has_a_price"),
        ({"direction": "BOTH"}, "an_alert_looks_up_or_down"),
        ({"fires": 2, "fired_at": clock.now()}, "an_alert_without_a_pause_fires_once"),
        ({"pause_hours": 0}, "an_alert_without_a_pause_fires_once"),
        ({"rests_until": clock.now()}, "only_what_repeats_rests"),
        ({"fires": 1}, "what_fired_says_when"),
    ],
)
def test_the_database_refuses_what_no_alert_is(
    known: Known, facts: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(IntegrityError, match=sentence), django_transaction.atomic():
        _many(known, 1, **facts)


def test_two_workers_fire_an_alert_once(
    committed: None, pinned: Any, other_session: psycopg.Connection[Any]
) -> None:
    pinned()
    known = new_customer()
    sets(known, asset="ETH", price="9000")
    now = clock.now()
    board = board_of_pins({"ETH": "9000"}, built_at=now)

    def runs() -> int:
        return services.fire_crossed(board=board, now=now)

    with ThreadPoolExecutor(4) as pool:
        results = [each.result() for each in [pool.submit(in_a_thread, runs) for _ in range(4)]]
    assert sum(results) == 1
    promised = OutboxMessage.objects.filter(
        topic="notifications.tell", payload__customer=str(known.customer.id)
    )
    assert promised.count() == 1


def test_alerts_set_at_a_time_are_counted_one_after_another(
    committed: None, pinned: Any, other_session: psycopg.Connection[Any]
) -> None:
    pinned()
    known = new_customer()
    _many(known, MOST_WAITING - 1, asset="SOL", price=Decimal(10**9), base_price=Decimal(10**9))
    other_session.execute(
        "SELECT 1 FROM customers_customer WHERE id = %s FOR UPDATE", [known.customer.id]
    )

    def asks() -> Callable[[], Any]:
        return lambda: known.send("/v1/price-alerts", UP | {"price": "1000000000"})

    with ThreadPoolExecutor(2) as pool:
        started = []
        for number in (1, 2):
            started.append(pool.submit(in_a_thread, asks()))
            wait_for_blocked(other_session, number)
        other_session.rollback()
        assert sorted(each.result().status_code for each in started) == [201, 422]
    PriceAlert.objects.filter(customer=known.customer).delete()
