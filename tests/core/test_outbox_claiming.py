"""What is promised is claimed when it is due, by one."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from kombu.exceptions import OperationalError as BrokerError

from krak.core import clock, valkey
from krak.core.outbox import services, tasks
from krak.core.outbox.management.commands import relay
from krak.core.outbox.models import OutboxMessage
from tests.core.conftest import Register, let_pass
from tests.core.promises import claim_all, nothing, promised


@pytest.mark.django_db
class TestClaiming:
    def test_a_claimed_message_is_not_claimed_again(self) -> None:
        message_id = promised("test.claimed")

        assert message_id in claim_all()
        assert message_id not in claim_all()

    def test_the_oldest_are_claimed_first_and_no_more_than_asked(self, now: datetime) -> None:
        dues = [now - timedelta(days=days) for days in (9001, 9003, 9002)]
        youngest, oldest, middle = [promised("test.old", due_at=due) for due in dues]

        assert set(services.claim(most=2)) == {oldest, middle}
        assert services.claim(most=1) == [youngest]

    def test_a_lost_claim_comes_back_after_its_time(self) -> None:
        message_id = promised("test.lost")
        assert message_id in claim_all()

        let_pass(services.CLAIM_LASTS - timedelta(seconds=5), id=message_id)
        assert message_id not in claim_all()
        let_pass(timedelta(seconds=5), id=message_id)
        assert message_id in claim_all()

    def test_what_could_not_be_published_is_due_again_at_once(self) -> None:
        message_id = promised("test.unpublished")
        assert message_id in claim_all()

        services.unclaim([message_id], now=clock.now())

        assert message_id in claim_all()

    def test_a_broker_that_fails_halfway_leaves_the_rest_due(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wanted = sorted(promised("test.many") for _ in range(relay.MESSAGES_PER_TASK + 5))
        published: list[UUID] = []

        def publish(*, kwargs: dict[str, list[str]]) -> None:
            if published:
                raise BrokerError("gone")
            published.extend(UUID(text) for text in kwargs["ids"])

        monkeypatch.setattr(tasks.deliver, "apply_async", publish)

        with pytest.raises(BrokerError):
            relay._publish_due()

        assert len(published) == relay.MESSAGES_PER_TASK
        assert set(wanted) - set(published) <= set(claim_all())
        assert not set(published) & set(claim_all())

    def test_what_the_worker_cannot_keep_up_with_waits_for_it_here(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(tasks.deliver.app.conf, "task_default_queue", "test.slow-worker")
        broker = valkey.client()
        broker.rpush("test.slow-worker", *["task"] * relay.MOST_TASKS_WAITING)
        rounds: list[int] = []

        def publish() -> int:
            rounds.append(1)
            return 1

        monkeypatch.setattr(relay, "_publish_due", publish)

        assert relay._publish_or_wait(0.0) == relay.PAUSE_AFTER_WORK_SECONDS
        assert rounds == []
        broker.lpop("test.slow-worker")
        # While others wait there, what comes gathers here.
        assert relay._publish_or_wait(0.0) == relay.PAUSE_WHILE_BUSY_SECONDS
        assert rounds == [1]
        broker.delete("test.slow-worker")
        assert relay._publish_or_wait(0.0) == relay.PAUSE_AFTER_WORK_SECONDS

    def test_done_and_dead_messages_are_never_claimed_nor_given_back(
        self, register: Register, now: datetime
    ) -> None:
        done, dead = promised(register(nothing)), promised("test.dead")
        services.deliver([done], now=now)
        OutboxMessage.objects.filter(id=dead).update(dead_at=now)

        services.unclaim([done, dead], now=now)

        assert not {done, dead} & set(claim_all())
