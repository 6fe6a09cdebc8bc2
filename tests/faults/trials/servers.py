"""Rows 8 to 13 and 17 to 24: Postgres and Valkey die, hang, fill up and forget."""

import time

import redis

from tests.faults.stage import Outcome, Stage


def postgres_is_killed(stage: Stage) -> Outcome:
    """Row 8: the postmaster is killed under load; the supervisor reaps it and starts it again."""
    whole = stage.whole

    def fault() -> None:
        before = whole.kill("postgres")
        whole.await_restart("postgres", after=before)

    outcome, _driver = stage.under_load(fault)
    return outcome


def valkey_is_killed(stage: Stage) -> Outcome:
    """Row 17: Valkey is killed under load and comes back with its append-only file."""
    whole = stage.whole

    def fault() -> None:
        before = whole.kill("valkey")
        whole.await_restart("valkey", after=before)

    outcome, _driver = stage.under_load(fault)
    return outcome


def valkey_is_flushed(stage: Stage) -> Outcome:
    """Row 19: everything in Valkey is gone: queues, tasks under way, board, counters."""

    def fault() -> None:
        # With the worker paused there is something in the queue to be lost.
        with stage.whole.paused("worker"), redis.Redis.from_url(stage.whole.valkey_url) as valkey:
            time.sleep(0.5)
            lost = valkey.dbsize()
            valkey.flushall()
        if not lost:
            raise RuntimeError("there was nothing to lose")

    outcome, _driver = stage.under_load(fault)
    return outcome
