"""Messages that can be done together are, and each alone when they cannot."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from krak.core.ids import uuid7
from krak.core.outbox import registry, rules, services
from krak.core.outbox.models import OutboxMessage
from krak.core.outbox.rules import FEWEST, LONGEST_SECONDS, MOST, Share
from krak.core.transactions import transaction
from tests.core.conftest import Register


def _promised(topic: str, **payload: Any) -> UUID:
    with transaction():
        services.promise(topic, payload)
    return OutboxMessage.objects.filter(topic=topic).latest("id").id


class Told:
    """A handler that remembers what it was given; a payload with `bad` makes it fail."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def __call__(self, *, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
        self.calls.append([payload["n"] for payload in payloads])
        for payload in payloads:
            services.promise("test.effect", {"n": payload["n"]})
        if any(payload.get("bad") for payload in payloads):
            raise RuntimeError("no such luck")


def _effects() -> list[int]:
    found = OutboxMessage.objects.filter(topic="test.effect").order_by("id")
    return [message.payload["n"] for message in found]


@pytest.mark.django_db
def test_messages_of_one_topic_are_done_in_one_go(register: Register, now: datetime) -> None:
    told = Told()
    topic = register(told, many=True)
    ids = [_promised(topic, n=n) for n in range(3)]

    assert services.deliver(ids, now=now) == []

    assert told.calls == [[0, 1, 2]]
    assert _effects() == [0, 1, 2]
    assert OutboxMessage.objects.filter(id__in=ids, done_at=now, attempts=0).count() == 3


@pytest.mark.django_db
def test_what_takes_long_together_is_done_by_fewer_the_next_time(
    register: Register, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    topic = register(told, many=True)
    ids = [_promised(topic, n=n) for n in range(8)]
    monkeypatch.setattr(rules, "LONGEST_SECONDS", 0.0)

    services.deliver(ids[:5], now=now)
    services.deliver(ids[5:], now=now)

    # Five took too long, so two are the most; one is left over.
    assert told.calls == [[0, 1, 2, 3, 4], [5, 6], [7]]


def test_a_share_shrinks_where_work_takes_long_and_grows_where_it_does_not() -> None:
    share = Share(size=40)
    share.took(LONGEST_SECONDS + 0.1, many=30)
    assert share.size == 15
    share.took(0.01, many=3)
    assert share.size == 15
    share.took(LONGEST_SECONDS * 0.6, many=15)
    assert share.size == 15
    share.took(LONGEST_SECONDS * 0.4, many=15)
    assert share.size == 30
    for _ in range(9):
        share.took(0.01, many=share.size)
    assert share.size == MOST
    for _ in range(9):
        share.took(LONGEST_SECONDS * 2, many=share.size)
    assert share.size == FEWEST


@pytest.mark.django_db
def test_one_that_fails_leaves_the_others_done_and_nothing_twice(
    register: Register, now: datetime
) -> None:
    told = Told()
    topic = register(told, many=True)
    ids = [_promised(topic, n=0), _promised(topic, n=1, bad=True), _promised(topic, n=2)]

    services.deliver(ids, now=now)

    assert told.calls == [[0, 1, 2], [0], [1], [2]]
    assert _effects() == [0, 2]
    failed = OutboxMessage.objects.get(id=ids[1])
    assert (failed.done_at, failed.attempts) == (None, 1)
    assert failed.last_error == "RuntimeError: no such luck"


@pytest.mark.django_db
def test_other_topics_in_between_are_done_one_by_one(register: Register, now: datetime) -> None:
    told, alone = Told(), []

    def one(*, payload: dict[str, Any], now: datetime) -> None:
        alone.append(payload["n"])

    many, single = register(told, many=True), register(one)
    ids = [_promised(single, n=0), _promised(many, n=1), _promised(single, n=2)]
    ids.append(_promised(many, n=3))

    services.deliver(ids, now=now)

    assert told.calls == [[1, 3]]
    assert alone == [0, 2]
    assert OutboxMessage.objects.filter(id__in=ids, done_at=now).count() == 4


@pytest.mark.django_db
def test_done_messages_and_unknown_ones_are_passed_over(register: Register, now: datetime) -> None:
    told = Told()
    topic = register(told, many=True)
    done, new = _promised(topic, n=0), _promised(topic, n=1)
    services.deliver([done], now=now)

    services.deliver([done, new, uuid7()], now=now)

    assert told.calls == [[0], [1]]


def test_a_second_handler_is_refused_here_too(register: Register) -> None:
    topic = register(Told(), many=True)

    with pytest.raises(ValueError, match="two handlers"):
        registry.handles_many(topic)(Told())
