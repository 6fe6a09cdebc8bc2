"""What a delivery promises that goes together with others is done by it next, and once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from krak.core.ids import uuid7
from krak.core.outbox import services
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from tests.core.conftest import Register, let_pass

pytestmark = pytest.mark.django_db


class _Died(BaseException):
    pass


class Chain:
    """Handlers of which the first promises what the others do."""

    def __init__(self, register: Register) -> None:
        self.first = register(self._first, many=True)
        self.next = register(self._next, many=True)
        self.alone = register(self._alone)
        self.done: list[str] = []
        self.dies = self.breaks = False

    def _first(self, *, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
        self.done += [self.first] * len(payloads)
        services.promise_all(self.next, payloads)
        for payload in payloads:
            services.promise(self.alone, payload)
        if self.breaks:
            raise RuntimeError("after it has promised")

    def _next(self, *, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
        if self.dies:
            raise _Died
        self.done += [self.next] * len(payloads)

    def _alone(self, *, payload: dict[str, Any], now: datetime) -> None:
        self.done.append(self.alone)

    def promised(self, many: int) -> list[UUID]:
        """Promise so many of the first."""
        with transaction():
            services.promise_all(self.first, [{"it": str(uuid7())} for _ in range(many)])
        return list(OutboxMessage.objects.filter(topic=self.first).values_list("id", flat=True))


@pytest.fixture
def chain(register: Register) -> Chain:
    return Chain(register)


def waiting(topic: str) -> int:
    return OutboxMessage.objects.filter(topic=topic, done_at=None).count()


@pytest.mark.parametrize("many", [1, 3])
def test_it_does_next_what_goes_together_and_leaves_the_rest_to_the_relay(
    chain: Chain, now: datetime, many: int
) -> None:
    services.deliver(chain.promised(many), now=now)

    assert chain.done == [chain.first] * many + [chain.next] * many
    assert (waiting(chain.next), waiting(chain.alone)) == (0, many)
    services.deliver(services.claim(most=100), now=now)
    assert chain.done[2 * many :] == [chain.alone] * many


def test_the_relay_does_not_take_what_is_done_next_and_comes_to_it_when_its_doer_died(
    chain: Chain, now: datetime
) -> None:
    chain.dies = True
    with pytest.raises(_Died):
        services.deliver(chain.promised(2), now=now)
    topics = OutboxMessage.objects.filter(id__in=services.claim(most=100))
    assert set(topics.values_list("topic", flat=True)) == {chain.alone}

    chain.dies = False
    let_pass(services.FOLLOWED_WITHIN + timedelta(milliseconds=1), topic=chain.next)
    services.deliver(services.claim(most=100), now=now)

    assert chain.done.count(chain.next) == 2
    assert waiting(chain.next) == 0


def test_what_was_rolled_back_is_not_done(chain: Chain, now: datetime) -> None:
    chain.breaks = True

    services.deliver(chain.promised(2), now=now)

    assert set(chain.done) == {chain.first}
    assert not OutboxMessage.objects.filter(topic__in=[chain.next, chain.alone]).exists()


def test_outside_a_delivery_a_promise_is_due_at_once(chain: Chain, now: datetime) -> None:
    ids = chain.promised(2)

    assert set(services.claim(most=100)) == set(ids)
    assert chain.done == []
