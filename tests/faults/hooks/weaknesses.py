"""Protections taken out of a running Krak: each for as long as a file of its name is there."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse

from krak.core import clock
from krak.core.limits import services as limits
from krak.core.outbox import services as outbox
from krak.core.outbox.models import OutboxMessage
from krak.core.postgresql.base import DatabaseWrapper
from krak.core.schedule import services as schedule
from tests.faults.hooks.springs import CONTROL
from tests.faults.protections import Protection

HOARDED: Final = b"x" * 400_000
"""Kept for good with each message."""

# The table refuses a slot that is run while it is finished, so it is not finished any more.
_CLAIM_IN_ANY_CASE: Final = (
    schedule._CLAIM.partition(" WHERE ")[0] + ", finished_at = NULL RETURNING attempts, bookmark"
)
_claim = schedule._claim
_deliver = outbox.deliver
_save = OutboxMessage.save
_bulk_create = OutboxMessage.objects.bulk_create
_hoard: list[bytes] = []


def set_up() -> None:
    """Put what is weak beside what protects."""
    for name in ("close_if_unusable_or_obsolete", "close_if_health_check_failed"):
        _beside(DatabaseWrapper, name, Protection.RECONNECTING, _leave_it_broken)
    _beside(limits, "_take_in_postgres", Protection.COUNTING_IN_POSTGRES, _count_nowhere)
    _beside(schedule, "_claim", Protection.SLOTS_ONCE, _claim_in_any_case)
    _beside(OutboxMessage, "save", Protection.TIME_OF_THE_DATABASE, _save_by_own_clock)
    _beside(
        OutboxMessage.objects, "bulk_create", Protection.TIME_OF_THE_DATABASE,
        _bulk_create_by_own_clock,
    )  # fmt: skip
    _beside(outbox, "unclaim", Protection.GIVING_BACK, _keep_what_was_claimed)
    _beside(outbox, "deliver", Protection.FORGETTING, _deliver_and_keep)


def is_missing(protection: Protection) -> bool:
    """Tell whether a protection is taken out now."""
    return (CONTROL / protection).exists()


def alive_asks_the_database(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Say that one is alive only if the database answers."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz/live" and is_missing(Protection.LIVENESS_BY_ITSELF):
            connection.close()
            connection.ensure_connection()
        return get_response(request)

    return answer


def _beside(owner: Any, name: str, protection: Protection, weak: Callable[..., Any]) -> None:
    strong = getattr(owner, name)

    def either(*arguments: Any, **options: Any) -> Any:
        return (weak if is_missing(protection) else strong)(*arguments, **options)

    setattr(owner, name, either)


def _leave_it_broken(_connection: DatabaseWrapper) -> None:
    pass


def _count_nowhere(*_counted: Any) -> float:
    raise ConnectionError("nobody else counts")


def _claim_in_any_case(**asked: Any) -> tuple[int, str] | None:
    with patch.object(schedule, "_CLAIM", _CLAIM_IN_ANY_CASE):
        return _claim(**asked)


def _keep_what_was_claimed(_ids: object, **_options: Any) -> None:
    pass


def _save_by_own_clock(message: OutboxMessage, **options: Any) -> None:
    message.due_at = clock.now()
    _save(message, **options)


def _bulk_create_by_own_clock(messages: Any, **options: Any) -> Any:
    made = list(messages)
    for message in made:
        message.due_at = clock.now()
    return _bulk_create(made, **options)


def _deliver_and_keep(ids: Sequence[UUID], **options: Any) -> list[UUID]:
    left = _deliver(ids, **options)
    _hoard.append(HOARDED * len(ids))
    return left
