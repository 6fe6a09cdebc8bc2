"""Limits are exact, also eighty at once, also without Valkey; and nobody forges where they are."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import RequestFactory
from redis import Redis

from krak.api.limits import address_counted, client_address, drop_forged, throttle
from krak.core import clock, valkey
from krak.core.limits import services
from krak.core.limits.models import Hit
from krak.core.limits.rules import Counted, Limit
from krak.core.limits.services import TooOften, forget, take


@pytest.fixture(params=["valkey", "postgres"])
def counter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Count with either; for Postgres, Valkey is at an address where nobody listens."""
    if request.param == "postgres":
        nobody = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
        monkeypatch.setattr(valkey, "client", lambda: nobody)
    yield request.param
    services._switch._away_until = 0.0


def _passes(*counted: Counted) -> bool:
    try:
        take(counted)
    except TooOften:
        return False
    return True


def _fresh(most: int, seconds: int = 60, by: str = "") -> Counted:
    return Counted("test", by or uuid4().hex, Limit(most, seconds))


def test_as_often_as_it_may_and_no_more(db: None, counter: str) -> None:
    each = _fresh(3)

    assert [_passes(each) for _ in range(5)] == [True, True, True, False, False]
    assert _passes(_fresh(3))


def test_a_refusal_says_how_long_to_wait(db: None, counter: str) -> None:
    each = _fresh(1, seconds=40)
    take([each])

    with pytest.raises(TooOften) as refused:
        take([each])

    assert 38 <= refused.value.facts["retry_after"] <= 40


def test_of_several_all_count_or_none(db: None, counter: str) -> None:
    narrow, wide = _fresh(1), _fresh(3)
    take([narrow, wide])
    for _ in range(5):
        assert not _passes(narrow, wide)

    assert [_passes(wide) for _ in range(3)] == [True, True, False]


def test_what_is_long_ago_does_not_count(db: None, counter: str) -> None:
    each = _fresh(1, seconds=1)
    take([each])
    assert not _passes(each)
    threading.Event().wait(1.05)

    assert _passes(each)


def test_forgetting_starts_anew(db: None, counter: str) -> None:
    each = _fresh(1)
    take([each])
    forget([each])

    assert _passes(each)


@pytest.mark.parametrize("seconds", [60, 5])
def test_of_eighty_at_once_exactly_as_many_pass_as_may(
    committed: None, counter: str, seconds: int
) -> None:
    each, start = _fresh(5, seconds=seconds), threading.Barrier(16)

    def try_five() -> list[bool]:
        start.wait(20)
        try:
            return [_passes(each) for _ in range(5)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        tries = [passed for many in pool.map(lambda _n: try_five(), range(16)) for passed in many]

    assert (len(tries), tries.count(True)) == (80, 5)


def test_control_counted_by_reading_first_too_many_pass() -> None:
    passed: list[int] = []
    read = threading.Barrier(16)

    def naive(number: int) -> None:
        so_many = len(passed)
        read.wait(20)
        if so_many < 5:
            passed.append(number)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(naive, range(16)))

    assert len(passed) == 16


def test_old_counts_are_dropped(db: None) -> None:
    now = clock.now()
    for hours in (1, 25):
        Hit.objects.create(key="test", at=now - timedelta(hours=hours))

    assert services.purge(now=now) == 1


def test_nothing_readable_is_kept(db: None) -> None:
    assert "ada" not in _fresh(1, by="ada@people.example").key


# --- Where a request is from ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", "1.1.1.1", "203.0.113.7"),  # a stranger says so
        ("203.0.113.7", "", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1", "1.1.1.1"),  # our proxy says so
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),  # and what was there before it is hearsay
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),  # two proxies of ours
        ("10.0.0.1", "1.1.1.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_our_own_proxies_say_where_a_request_is_from(
    settings: Any, peer: str, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    drop_forged(request.META)

    assert client_address(request) == address


def test_control_who_trusts_everybody_is_told_another_address_each_time(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("203.0.113.0/24")]
    said = ["1.1.1.1", "6.6.6.6"]

    requests = [
        RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR=each)
        for each in said
    ]

    assert [client_address(request) for request in requests] == said


def test_forged_headers_are_gone_before_anybody_reads_them(settings: Any) -> None:
    forged: Any = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "evil.example"}
    stranger = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", **forged)
    drop_forged(stranger.META)
    assert not set(forged) & set(stranger.META)

    settings.TRUSTED_PROXIES = [ip_network("203.0.113.0/24")]
    proxied = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", **forged)
    drop_forged(proxied.META)
    assert set(forged) <= set(proxied.META)


def test_addresses_of_one_household_are_one_client() -> None:
    one, other = (
        address_counted(RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:1:2::{n}"))
        for n in ("1", "ffff")
    )

    assert one == other == "2001:db8:1:2::/64"


def test_a_throttle_counts_what_changes_something(db: None) -> None:
    view = throttle(f"test:{uuid4().hex}", Limit(2, 60))()

    def ask(method: str) -> Callable[[], bool]:
        request: Any = getattr(RequestFactory(), method)("/", REMOTE_ADDR="203.0.113.8")
        request.auth = None
        return lambda: view.allow_request(request, None)

    assert [ask("get")() for _ in range(5)] == [True] * 5
    assert [ask("post")() for _ in range(2)] == [True] * 2
    with pytest.raises(TooOften):
        ask("post")()
