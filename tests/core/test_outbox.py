"""Promised work is done once, whatever dies, fails or comes twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, connections
from django.db import transaction as django_transaction
from django_subatomic.db import _MissingRequiredTransaction

from krak.core import clock
from krak.core.outbox import queries, registry, services, tasks
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.runtime.processes import free_port
from tests.core.conftest import Register, let_pass
from tests.core.promises import claim_all, nothing, promised


class _Broken(RuntimeError):
    pass


def _failing(*, payload: dict[str, Any], now: datetime) -> None:
    # What a handler did before it failed must go with it.
    services.promise("test.effect", payload)
    raise _Broken("no such luck")


def _effect(*, payload: dict[str, Any], now: datetime) -> None:
    services.promise("test.effect", payload, due_at=now + timedelta(days=1))


def _effects() -> int:
    return OutboxMessage.objects.filter(topic="test.effect").count()


def _message(message_id: UUID) -> OutboxMessage:
    return OutboxMessage.objects.get(id=message_id)


def _is_paused(message: OutboxMessage, pause: timedelta, *, since: datetime) -> bool:
    """Tell whether a message that failed between `since` and now is paused for so long."""
    return since + pause <= message.due_at <= clock.now() + pause


@pytest.mark.django_db
class TestPromising:
    def test_a_promise_outside_a_transaction_is_refused(self) -> None:
        # The test case's own transaction does not count.
        with pytest.raises(_MissingRequiredTransaction):
            services.promise("test.nobody", {})

        assert not OutboxMessage.objects.filter(topic="test.nobody").exists()

    def test_a_promise_goes_with_the_transaction_that_made_it(self) -> None:
        with pytest.raises(_Broken), transaction():
            _failing(payload={}, now=clock.now())

        assert _effects() == 0

    def test_a_promise_is_due_at_once_or_when_it_says(self, now: datetime) -> None:
        soon = promised("test.soon")
        later = promised("test.later", due_at=now + timedelta(minutes=1))

        claimed = claim_all()

        assert soon in claimed
        assert later not in claimed

    def test_two_handlers_of_one_topic_are_refused(self, register: Register) -> None:
        topic = register(nothing)
        assert registry.handles(topic)(nothing) is nothing
        with pytest.raises(ValueError, match="two handlers"):
            registry.handles(topic)(_effect)
        assert registry.handler_of(topic).handle is nothing


@pytest.mark.django_db
class TestDelivering:
    def test_work_is_done_with_its_payload_at_its_moment(
        self, register: Register, now: datetime
    ) -> None:
        seen: list[tuple[dict[str, Any], datetime]] = []

        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            seen.append((payload, now))

        message_id = promised(register(handler))
        services.deliver([message_id], now=now)

        message = _message(message_id)
        assert seen == [(message.payload, now)]
        assert (message.done_at, message.dead_at, message.attempts) == (now, None, 0)

    def test_delivered_twice_has_one_effect(self, register: Register, now: datetime) -> None:
        message_id = promised(register(_effect))

        services.deliver([message_id, message_id], now=now)
        services.deliver([message_id], now=now + timedelta(hours=1))

        assert _effects() == 1
        assert _message(message_id).done_at == now

    def test_the_workers_door_takes_ids_as_text_and_newer_arguments(
        self, register: Register
    ) -> None:
        message_id = promised(register(_effect))

        tasks.deliver(ids=[str(message_id)], trace="of a newer release")

        assert _effects() == 1
        assert _message(message_id).done_at is not None

    def test_a_failure_is_retried_with_growing_pauses_then_dead_while_others_go_on(
        self, register: Register, now: datetime
    ) -> None:
        broken, topic = promised(register(_failing)), register(nothing)
        pauses = [1, 2, 5, 15, 60, 300, 900]
        for attempt in range(1, services.MOST_ATTEMPTS):
            other = promised(topic)
            before = clock.now()
            services.deliver([broken, other], now=now)
            message = _message(broken)
            assert (message.attempts, message.dead_at, message.done_at) == (attempt, None, None)
            assert message.last_error == "_Broken: no such luck"
            assert _message(other).done_at == now
            pause = timedelta(seconds=pauses.pop(0))
            assert _is_paused(message, pause, since=before)

        assert pauses == []
        other = promised(topic)
        services.deliver([broken, other], now=now)
        assert (_message(broken).attempts, _message(broken).dead_at) == (8, now)
        assert _message(other).done_at == now
        services.deliver([broken], now=now + timedelta(hours=1))
        assert (_message(broken).attempts, _message(broken).dead_at) == (8, now)
        assert _effects() == 0

    def test_nobody_handles_it_is_a_failure_too(self, now: datetime) -> None:
        message_id = promised("test.nobody")

        services.deliver([message_id], now=now)

        assert _message(message_id).last_error == "KeyError: 'test.nobody'"
        assert _message(message_id).attempts == 1

    def test_a_failure_of_the_database_is_recorded_too(
        self, register: Register, now: datetime
    ) -> None:
        def twice(*, payload: dict[str, Any], now: datetime) -> None:
            for _ in range(2):
                OutboxMessage.objects.create(id=UUID(int=1), topic="test.effect", payload={})

        message_id = promised(register(twice))

        services.deliver([message_id], now=now)

        assert _message(message_id).last_error.startswith("IntegrityError: ")
        assert _effects() == 0

    def test_a_failure_that_comes_after_another_delivery_was_done_changes_nothing(
        self, register: Register, now: datetime
    ) -> None:
        message_id = promised(register(nothing))
        last = services.MOST_ATTEMPTS - 1
        OutboxMessage.objects.filter(id=message_id).update(attempts=last)
        services.deliver([message_id], now=now)

        services._record_failure(message_id, _Broken(), now=now)

        message = _message(message_id)
        assert (message.done_at, message.dead_at, message.attempts) == (now, None, last)

    def test_a_dead_message_that_is_resent_has_all_its_attempts_again(
        self, register: Register, now: datetime
    ) -> None:
        fails = [True]

        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            if fails[0]:
                raise _Broken

        message_id = promised(register(handler))
        for _ in range(services.MOST_ATTEMPTS):
            services.deliver([message_id], now=now)
        assert _message(message_id).dead_at == now
        assert message_id not in claim_all()

        services.resend(message_id, reason="mended", now=now)
        assert (_message(message_id).attempts, _message(message_id).dead_at) == (0, None)
        assert message_id in claim_all()
        for _ in range(services.MOST_ATTEMPTS - 1):
            services.deliver([message_id], now=now)
        assert _message(message_id).dead_at is None
        fails[0] = False
        services.deliver([message_id], now=now)
        assert _message(message_id).done_at == now

    def test_only_the_dead_are_resent(self, register: Register, now: datetime) -> None:
        done, pending = promised(register(nothing)), promised(register(_failing))
        services.deliver([done, pending], now=now)
        before = _message(pending).due_at

        for message_id in (done, pending):
            services.resend(message_id, reason="mended", now=now - timedelta(days=1))

        assert _message(done).done_at == now
        assert (_message(pending).attempts, _message(pending).due_at) == (1, before)

    def test_pending_counts_what_is_neither_done_nor_dead(
        self, register: Register, now: datetime
    ) -> None:
        before = queries.pending()
        done, dead = promised(register(nothing)), promised("test.dead")
        promised("test.waiting")
        assert queries.pending() == before + 3

        services.deliver([done], now=now)
        OutboxMessage.objects.filter(id=dead).update(dead_at=now)

        assert queries.pending() == before + 1

    def test_nothing_is_both_done_and_dead(self, now: datetime) -> None:
        message_id = promised("test.both")
        with (
            pytest.raises(IntegrityError, match="a_message_is_not_both_done_and_dead"),
            django_transaction.atomic(),
        ):
            OutboxMessage.objects.filter(id=message_id).update(done_at=now, dead_at=now)


def _deliver_in_a_thread(message_id: UUID, now: datetime) -> None:
    try:
        services.deliver([message_id], now=now)
    finally:
        connections.close_all()


@pytest.mark.usefixtures("committed")
class TestRaces:
    def test_a_delivery_passes_over_what_another_one_is_at(
        self, register: Register, now: datetime
    ) -> None:
        effects: list[int] = []
        inside, go_on = threading.Event(), threading.Event()

        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            effects.append(1)
            inside.set()
            assert go_on.wait(10)

        message_id = promised(register(handler))
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(_deliver_in_a_thread, message_id, now)
            assert inside.wait(10)
            # The first one holds the message now, so the second one must come back at once.
            pool.submit(_deliver_in_a_thread, message_id, now).result(5)
            go_on.set()
            first.result(10)

        assert effects == [1]
        message = _message(message_id)
        assert (message.done_at, message.attempts) == (now, 0)

    def test_eight_deliveries_at_one_moment_have_one_effect(
        self, register: Register, now: datetime
    ) -> None:
        effects: list[int] = []
        start = threading.Barrier(8)

        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            effects.append(1)

        def deliver(_n: int) -> None:
            start.wait(10)
            _deliver_in_a_thread(message_id, now)

        message_id = promised(register(handler))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(deliver, range(8)))

        assert effects == [1]
        assert _message(message_id).attempts == 0

    def test_what_a_database_that_is_away_makes_fail_is_delivered_again_soon(
        self, register: Register, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        message_id = promised(register(_effect))
        ids, published = [str(message_id)], []
        monkeypatch.setattr(tasks.deliver, "apply_async", lambda **task: published.append(task))
        port = connection.settings_dict["PORT"]
        connection.close()
        connection.settings_dict["PORT"] = free_port()
        try:
            assert services.deliver([message_id], now=now) == [message_id]
            tasks.deliver(ids=ids)
            tasks.deliver(ids=ids, again=tasks.MOST_AGAIN)
        finally:
            connection.settings_dict["PORT"] = port

        assert published == [{"kwargs": {"ids": ids, "again": 1}, "countdown": 1}]
        assert services.deliver([message_id], now=now) == []
        assert (_message(message_id).done_at, _message(message_id).attempts) == (now, 0)

    def test_a_call_to_a_vendor_runs_outside_transactions_and_once_at_a_time(
        self, register: Register, now: datetime
    ) -> None:
        calls: list[bool] = []
        inside, go_on = threading.Event(), threading.Event()

        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            calls.append(connection.in_atomic_block)
            inside.set()
            assert go_on.wait(10)

        message_id = promised(register(handler, calls_out=True))
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(_deliver_in_a_thread, message_id, now)
            assert inside.wait(10)
            pool.submit(_deliver_in_a_thread, message_id, now).result(5)
            reserved = _message(message_id)
            go_on.set()
            first.result(10)

        assert calls == [False]
        assert reserved.running_until == reserved.due_at
        message = _message(message_id)
        assert (message.done_at, message.running_until, message.attempts) == (now, None, 0)

    def test_a_call_whose_caller_died_is_made_again_after_its_time(
        self, register: Register, now: datetime
    ) -> None:
        calls: list[int] = []

        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            calls.append(1)
            if len(calls) == 1:
                raise SystemExit  # what a killed process leaves behind: nothing is recorded

        message_id = promised(register(handler, calls_out=True))
        with pytest.raises(SystemExit):
            services.deliver([message_id], now=now)
        services.deliver([message_id], now=now)
        assert calls == [1]
        assert message_id not in claim_all()

        let_pass(services.CALL_LASTS, id=message_id)
        assert message_id in claim_all()
        services.deliver([message_id], now=now)
        assert calls == [1, 1]
        assert _message(message_id).done_at == now

    def test_work_that_took_long_is_paused_from_its_failure_on(self, register: Register) -> None:
        message_id = promised(register(_failing))
        began = clock.now() - timedelta(seconds=30)

        services.deliver([message_id], now=began)

        assert message_id not in claim_all()

    def test_a_call_that_fails_is_retried_like_any_work(
        self, register: Register, now: datetime
    ) -> None:
        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            raise _Broken("the vendor is away")

        message_id, before = promised(register(handler, calls_out=True)), clock.now()
        services.deliver([message_id], now=now)

        message = _message(message_id)
        assert (message.attempts, message.running_until) == (1, None)
        assert _is_paused(message, services.RETRY_AFTER[0], since=before)
        assert message.last_error == "_Broken: the vendor is away"

    @pytest.mark.parametrize(
        ("asked", "after"),
        [
            (timedelta(0), services.RETRY_AFTER[0]),
            (timedelta(seconds=90), timedelta(seconds=90)),
            (timedelta(days=3), services.LONGEST_PAUSE),
        ],
    )
    def test_a_vendor_that_says_when_to_come_back_is_not_asked_before(
        self, register: Register, now: datetime, asked: timedelta, after: timedelta
    ) -> None:
        def handler(*, payload: dict[str, Any], now: datetime) -> None:
            raise registry.NotYet("too many", after=asked)

        message_id, before = promised(register(handler, calls_out=True)), clock.now()
        services.deliver([message_id], now=now)

        message = _message(message_id)
        assert message.attempts == 1
        assert _is_paused(message, after, since=before)
        assert message.last_error == "NotYet: too many"

    def test_relays_side_by_side_claim_each_message_once(self, now: datetime) -> None:
        long_ago = now - timedelta(days=9000)
        wanted = {promised("test.relayed", due_at=long_ago) for _ in range(20)}
        start = threading.Barrier(4)

        def claim(_n: int) -> list[UUID]:
            try:
                start.wait(10)
                return [one for _ in range(5) for one in services.claim(most=4)]
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            claimed = [one for batch in pool.map(claim, range(4)) for one in batch]
        OutboxMessage.objects.filter(id__in=wanted).update(done_at=now)

        assert sorted(one for one in claimed if one in wanted) == sorted(wanted)
