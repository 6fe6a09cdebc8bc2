"""Live events: nothing lost, nothing twice, in order, whatever dies or hangs up in between."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis
from django.conf import settings as live_settings

from krak.core import clock
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import AccessToken
from krak.live.rules import MOST_REPLAYED
from krak.notifications import services
from krak.notifications.models import Notification
from tests.people import Known, new_customer
from tests.races import in_a_thread
from tests.streams.reader import Process, Reader, listen, live_process

TOLD = 60


@pytest.fixture(scope="module")
def _database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module")
def one(_database: None) -> Iterator[Process]:
    with live_process(KRAK_LIVE_HEARTBEAT_SECONDS="0.3") as process:
        yield process


@pytest.fixture(scope="module")
def two(_database: None) -> Iterator[Process]:
    with live_process() as process:
        yield process


@pytest.fixture
def known(committed: None, pinned: Any) -> Known:
    pinned()
    return new_customer()


def tell(known: Known, *, kind: str = "transfer.received", **facts: Any) -> int:
    with transaction():
        [notice] = services.keep([services.Told(known.customer.id, kind, facts)], now=clock.now())
    return Notification.objects.get(id=notice.id).sequence


def resident_megabytes(process: Process) -> int:
    """Return the memory of a process and of those it started, in megabytes."""
    found = subprocess.run(
        ["ps", "-o", "rss=", "--pid", str(process.process.pid), "--ppid", str(process.process.pid)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sum(int(line) for line in found.stdout.split()) // 1024


def test_a_notice_arrives_while_it_happens_as_the_inbox_has_it(one: Process, known: Known) -> None:
    tell(known, note="before")
    reader = listen(one.url, known.token)
    ready = reader.events[0]
    assert (ready.id, ready.name, ready.data) == (
        1,
        "ready",
        {"object": "live_ready", "sequence": 1},
    )
    assert "content-type: text/event-stream" in reader.head
    assert reader.retry == "2000"

    tell(known, counterparty="ada", amount={"amount": "5.00", "currency": "EUR"})
    reader.wait(lambda it: len(it.events) == 2)

    event = reader.events[1]
    assert (event.id, event.name) == (2, "transfer.received")
    (newest, _) = known.get("/v1/notifications").json()["results"]
    assert event.data == newest
    assert event.data["text"] == "ada has sent you 5.00 EUR."


def test_nothing_is_lost_nothing_comes_twice_over_two_processes_and_dropped_connections(
    one: Process, two: Process, known: Known
) -> None:
    """Four writers at once; the reader is cut off again and again, and changes the process."""
    first = listen(one.url, known.token)
    stop = threading.Event()
    arrived: list[int] = []

    def write(_: int) -> None:
        in_a_thread(lambda: [tell(known) for _ in range(TOLD // 4)] and None)

    def read(reader: Reader) -> None:
        turn = 0
        while not (stop.is_set() and len(arrived) >= TOLD):
            few = min(5, TOLD - len(arrived))
            reader.wait(lambda it, few=few: len(it.numbers()) >= few)
            arrived.extend(reader.numbers())
            # What was on its way when the line is cut is lost with it: the id brings it back.
            reader.hang_up()
            turn += 1
            reader = listen((one, two)[turn % 2].url, known.token, last=arrived[-1])
            if len(arrived) >= TOLD:
                reader.hang_up()
                return

    with ThreadPoolExecutor(5) as threads:
        reading = threads.submit(read, first)
        list(threads.map(write, range(4)))
        stop.set()
        reading.result(60)

    assert arrived == list(range(1, TOLD + 1))


def test_the_control_without_the_id_what_happened_meanwhile_is_lost(
    one: Process, two: Process, known: Known
) -> None:
    reader = listen(one.url, known.token)
    tell(known)
    reader.wait(lambda it: it.numbers() == [1])
    reader.hang_up()
    tell(known)

    forgetful = listen(two.url, known.token)
    mindful = listen(two.url, known.token, last=1)
    tell(known)

    forgetful.wait(lambda it: 3 in it.numbers())
    mindful.wait(lambda it: 3 in it.numbers())
    assert (forgetful.numbers(), mindful.numbers()) == ([3], [2, 3])


def test_a_commit_that_comes_late_is_not_skipped(one: Process, known: Known) -> None:
    """The number is locked until its commit: a second writer waits, and no reader sees past it."""
    reader = listen(one.url, known.token)
    begun, finish = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction():
            services.keep([services.Told(known.customer.id, "slow", {})], now=clock.now())
            begun.set()
            assert finish.wait(20)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(in_a_thread, slow)
        assert begun.wait(20)
        second = threads.submit(in_a_thread, lambda: tell(known, kind="fast"))
        time.sleep(0.2)
        assert not second.done()
        finish.set()
        first.result(20)
        assert second.result(20) == 2

    reader.wait(lambda it: len(it.numbers()) == 2)
    assert [(e.id, e.name) for e in reader.events[1:]] == [(1, "slow"), (2, "fast")]


def test_a_silent_stream_says_that_it_is_there(one: Process, known: Known) -> None:
    listen(one.url, known.token).wait(lambda it: it.comments >= 3)


def test_who_was_away_too_long_is_told_to_read_the_inbox(two: Process, known: Known) -> None:
    rows = MOST_REPLAYED + 7
    Notification.objects.bulk_create(
        Notification(customer=known.customer, kind="x", facts={}, created_at=clock.now())
        for _ in range(rows)
    )

    reader = listen(two.url, known.token, last=3)
    reader.wait(lambda it: len(it.numbers()) == MOST_REPLAYED)

    assert [event.name for event in reader.events[:2]] == ["gap", "ready"]
    assert reader.events[0].data == {"object": "live_gap", "read": "/v1/notifications"}
    assert reader.numbers() == list(range(8, rows + 1))


def test_an_id_that_was_never_given_is_a_gap(two: Process, known: Known) -> None:
    reader = listen(two.url, known.token, last=99)

    assert [(event.name, event.id) for event in reader.events] == [("gap", 0), ("ready", 0)]


def test_a_token_that_ends_closes_its_stream_soon_and_no_other(one: Process, known: Known) -> None:
    with transaction():
        other = customers.issue_token(customer=known.customer, device="other", now=clock.now())
    ended, kept = listen(one.url, known.token), listen(one.url, other)
    began = time.monotonic()
    token = AccessToken.objects.exclude(device="other").get(user=known.customer.user)
    with transaction():
        customers.end_token(user_id=known.customer.user.pk, token_id=token.id, now=clock.now())

    ended.wait_until_ended()
    assert time.monotonic() - began < 10
    tell(known)
    kept.wait(lambda it: it.numbers() == [1])
    assert listen(one.url, known.token, ready=False).status == 401


def test_of_many_streams_of_one_customer_the_oldest_ends(one: Process, known: Known) -> None:
    readers = [listen(one.url, known.token) for _ in range(7)]

    readers[0].wait_until_ended()
    tell(known)

    for reader in readers[1:]:
        reader.wait(lambda it: it.numbers() == [1])


def test_another_customers_notices_are_not_there(one: Process, known: Known) -> None:
    mine = listen(one.url, known.token)
    tell(new_customer())
    tell(known)

    mine.wait(lambda it: it.numbers() == [1])
    assert len(mine.events) == 2


def test_a_reader_that_takes_nothing_is_dropped_and_costs_little(
    two: Process, known: Known
) -> None:
    reader = listen(two.url, known.token)
    before = resident_megabytes(two)
    Notification.objects.bulk_create(
        Notification(
            customer=known.customer, kind="x", facts={"x": "y" * 20_000}, created_at=clock.now()
        )
        for _ in range(3000)
    )
    began = time.monotonic()
    most = 0
    while httpx.get(f"{two.url}/healthz/live").json()["streams"]:
        assert time.monotonic() - began < 40
        most = max(most, resident_megabytes(two))
        time.sleep(0.1)

    # 60 MB wait to be told; a chunk of 50 notices is one of them.
    assert most - before < 30
    reader.hang_up()


def test_without_anybody_to_wake_it_a_stream_looks_by_itself(known: Known) -> None:
    with live_process(REDIS_URL="redis://127.0.0.1:1/0") as process:
        reader = listen(process.url, known.token)
        tell(known)
        reader.wait(lambda it: it.numbers() == [1])


def test_it_stops_in_order_and_ends_its_streams(known: Known) -> None:
    with live_process() as process:
        reader = listen(process.url, known.token)
        began = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        reader.wait_until_ended()
        assert process.process.wait(10) == 0
        assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    ("headers", "path", "status", "code"),
    [
        ({}, "/v1/live", 401, "live.signed_out"),
        ({"Authorization": "Bearer krak_no"}, "/v1/live", 401, "live.signed_out"),
        ({"X-Session-Token": "nothing"}, "/v1/live", 401, "live.signed_out"),
        ({}, "/v1/me", 404, "live.not_found"),
    ],
)
def test_who_is_refused_is_told_why(
    one: Process, headers: dict[str, str], path: str, status: int, code: str
) -> None:
    answer = httpx.get(f"{one.url}{path}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("last", ["-1", "x", "1.5", "9" * 30])
def test_an_odd_event_id_is_refused(one: Process, known: Known, last: str) -> None:
    headers = {"Authorization": f"Bearer {known.token}", "Last-Event-ID": last}

    answer = httpx.get(f"{one.url}/v1/live", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "live.malformed_event_id")


def test_the_web_process_says_where_live_events_are(known: Known, settings: Any) -> None:
    settings.LIVE_URL = "http://127.0.0.1:9/v1/live"
    answer = known.get("/v1/live")
    assert (answer.status_code, answer["Location"]) == (307, "http://127.0.0.1:9/v1/live")

    settings.LIVE_URL = ""
    answer = known.get("/v1/live")
    assert (answer.status_code, answer.json()["code"]) == (503, "live.elsewhere")


def test_a_wake_up_is_heard(known: Known) -> None:
    with redis.Redis.from_url(live_settings.REDIS_URL).pubsub() as heard:
        heard.subscribe("krak:live")
        assert heard.get_message(timeout=5)["type"] == "subscribe"
        tell(known)
        said = heard.get_message(timeout=5)

    assert said is not None
    assert said["data"] == str(known.customer.id).encode()
