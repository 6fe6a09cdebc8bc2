"""The hooks. Each is armed by a file in the control folder and springs once, in one process."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from cards.authorizations.services import decisions
from krak.core import clock
from krak.core.outbox import services
from krak.core.outbox.registry import Registered, handler_of
from tests.faults.settings import FAULTS_CONTROL, FAULTS_SABOTAGE

CONTROL = Path(FAULTS_CONTROL or "/nonexistent")


def sprung(hook: str) -> str | None:
    """Return the text of an armed hook, taken by this process alone; None if it is not armed."""
    mine = CONTROL / f".{hook}.{os.getpid()}"
    try:
        (CONTROL / hook).rename(mine)
    except OSError:
        return None
    return mine.read_text()


def die() -> None:
    """End this process, its parent and its siblings, at once."""
    os.killpg(os.getpgid(0), signal.SIGKILL)
    time.sleep(10)


def set_up() -> None:
    """Put the hooks around the product's own functions, and weaken what is asked for."""
    wanted = FAULTS_SABOTAGE
    if "claim_seconds" in wanted:
        services.CLAIM_LASTS = timedelta(seconds=wanted["claim_seconds"])  # type: ignore[misc]
    if "patience_seconds" in wanted:
        decisions.PATIENCE_SECONDS = wanted["patience_seconds"]  # type: ignore[misc]
        decisions.DEADLINE_SECONDS = wanted["patience_seconds"]  # type: ignore[misc]
    if "attempts" in wanted:
        services.MOST_ATTEMPTS = wanted["attempts"]  # type: ignore[misc]
        services.RETRY_AFTER *= wanted["attempts"]  # type: ignore[misc]
    _move_the_clock()
    services.handler_of = _dies_before_commit  # type: ignore[attr-defined]
    services.deliver = _dies_after_commit(services.deliver)


def _move_the_clock() -> None:
    """Let the clock be ahead by the seconds in the control folder, while they are there."""

    def ahead() -> float:
        try:
            return float((CONTROL / "clock-ahead").read_text() or 0)
        except OSError:
            return 0.0

    now, seconds, nanoseconds = clock.now, time.time, time.time_ns
    clock.now = lambda: now() + timedelta(seconds=ahead())
    time.time = lambda: seconds() + ahead()
    time.time_ns = lambda: nanoseconds() + int(ahead() * 1e9)


def dies_before_it_answers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Kill the web server when an effect is committed and its answer not yet sent."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if (
            "Idempotency-Key" in request.headers
            and response.status_code == 201
            and sprung("die-before-answer") is not None
        ):
            die()
        return response

    return answer


def _dies_before_commit(topic: str) -> Registered:
    handler = handler_of(topic)

    def handle(*, payload: dict[str, Any], now: datetime) -> None:
        handler.handle(payload=payload, now=now)
        if topic == "inbox.process" and sprung("die-before-commit") is not None:
            die()
        if topic == "inbox.process" and (seconds := sprung("nap-before-commit")) is not None:
            (CONTROL / "napping").touch()
            time.sleep(float(seconds))

    return replace(handler, handle=handle)


def _dies_after_commit(deliver: Callable[..., list[UUID]]) -> Callable[..., list[UUID]]:
    note = CONTROL / "died-after-commit"

    def delivered(ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
        again = note.exists() and set(note.read_text().split()) & {str(each) for each in ids}
        left = deliver(ids, now=now)
        if again:
            (CONTROL / "delivered-again").touch()
        if ids and not note.exists() and sprung("die-after-commit") is not None:
            note.write_text(" ".join(str(each) for each in ids))
            die()
        return left

    return delivered
