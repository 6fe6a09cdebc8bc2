"""Rows 8 to 13 and 17 to 24: Postgres and Valkey die, hang, fill up and forget."""

import signal
import time
from contextlib import ExitStack, suppress
from http import HTTPStatus
from random import Random
from typing import Any

import psycopg
import redis

from bench.product import Client
from krak.runtime.supervisor import DEATHS_WITHIN_SECONDS, MOST_DEATHS
from tests.faults import programs
from tests.faults.driver import Driver
from tests.faults.invariants import broken
from tests.faults.stage import Outcome, Stage

TAP_SECONDS = 2.0
"""Stripe's deadline; our own is 1.2 s."""
REFUSED_SECONDS = 1.5
"""Nobody hangs longer on a server that takes no connection."""
PAUSE_SECONDS = 10.0
CONVOY_SECONDS = 10.0
SHORTAGE_SECONDS = 4.0
LOOKS_APART_SECONDS = 0.2
SERVER_ERRORS, UNAVAILABLE = HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
QUEUE_BACK_SECONDS = 10.0
CRASHES_APART_SECONDS = DEATHS_WITHIN_SECONDS / MOST_DEATHS + 1
"""Slower than what dies so often that the supervisor takes it for broken."""
TOTALS = ("I1", "I7")
REPORT_SECONDS = 10.0
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
REPORT = "COPY (SELECT * FROM ledger_posting ORDER BY customer_id, entry_id, leg) TO STDOUT"
SLOWER_BY = 1.2
SLOWER_BY_SECONDS = 0.05
"""What two cores that all share add to a p99 of milliseconds."""


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

    outcome, driver = stage.under_load(fault)
    if not stage.small:
        outcome.require_recovery(within=QUEUE_BACK_SECONDS)
    outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
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

    outcome, driver = stage.under_load(fault)
    signed_out = sum(1 for each in driver.tries if each.status == HTTPStatus.UNAUTHORIZED)
    outcome.require(that=not signed_out, otherwise=f"{signed_out} were signed out")
    return outcome


def postgres_is_paused(stage: Stage) -> Outcome:
    """Row 10: every process of Postgres stands still for ten seconds.

    Taps alone have a deadline; whoever asks for anything else waits until it goes on.
    """

    spans: list[tuple[float, float]] = []

    def fault() -> None:
        began = time.monotonic()
        with stage.whole.paused("postgres"):
            time.sleep(PAUSE_SECONDS)
            spans.append((began, time.monotonic()))

    outcome, driver = stage.under_load(fault)
    outcome.figures["slowest of all, s"] = round(outcome.slowest_seconds, 2)
    outcome.slowest_seconds = slowest = driver.slowest("tap", during=spans[0])
    outcome.figures["slowest tap, s"] = round(slowest, 2)
    outcome.require(that=slowest < TAP_SECONDS, otherwise=f"a tap waited {slowest:.1f} s")
    outcome.require(that=driver.undecided() > 0, otherwise="nobody met the pause")
    return outcome


def sessions_are_ended(stage: Stage) -> Outcome:
    """Row 11: sessions of the product are terminated at random for two seconds."""
    random, ended = Random(stage.seed), []

    def fault() -> None:
        with stage.whole.database() as database:
            for _ in range(20):
                pids = _others(database)
                if pids:
                    ended.append(random.choice(pids))
                    database.execute("SELECT pg_terminate_backend(%s)", [ended[-1]])
                time.sleep(0.1)

    outcome, driver = stage.under_load(fault, pause_seconds=0.05)
    again = [each for each in driver.commands if each.attempts > 1]
    outcome.figures |= {
        "sessions ended": len(ended),
        "asked again": len(again),
        "most attempts": max((each.attempts for each in driver.commands), default=0),
    }
    # Who is not in the middle of a statement notices nothing.
    outcome.require(
        that=len(again) + driver.undecided() < len(ended),
        otherwise=f"{len(again)} asked again, {driver.undecided()} were not decided",
    )
    return outcome


def connections_run_out(stage: Stage) -> Outcome:
    """Row 12: strangers take every connection, and the product's own are ended."""
    whole = stage.whole
    looks: list[float] = []
    spans: list[tuple[float, float]] = []

    def fault() -> None:
        with ExitStack() as stack:
            began = time.monotonic()
            mine = stack.enter_context(psycopg.connect(whole.database_url, autocommit=True))
            _take_all(stack, whole.database_url)
            for pid in _others(mine):
                mine.execute("SELECT pg_terminate_backend(%s)", [pid])
            _take_all(stack, whole.database_url)
            until = time.monotonic() + SHORTAGE_SECONDS
            while (looked_at := time.monotonic()) < until:
                Client(whole.url).send("GET", "/healthz/live")
                looks.append(time.monotonic() - looked_at)
                time.sleep(LOOKS_APART_SECONDS)
            spans.append((began, time.monotonic()))

    outcome, driver = stage.under_load(fault)
    refused = [each for each in driver.meanwhile(spans[0]) if each.status >= SERVER_ERRORS]
    slowest_look = max(looks)
    outcome.figures |= {
        "refused meanwhile": len(refused),
        "slowest refusal, s": round(max((each.seconds for each in refused), default=0.0), 2),
        "times it was alive": len(looks),
        "slowest look, s": round(slowest_look, 2),
    }
    outcome.require(that=bool(refused), otherwise="nobody was refused")
    wrong = [each for each in refused if each.status != UNAVAILABLE or not each.come_again]
    outcome.require(that=not wrong, otherwise=f"no 503 with Retry-After: {wrong[:3]}")
    _require_quick(outcome, driver, during=spans[0], within=REFUSED_SECONDS)
    outcome.require(
        that=slowest_look < REFUSED_SECONDS,
        otherwise=f"/healthz/live answered after {slowest_look:.1f} s",
    )
    return outcome


def postgres_is_killed_again_and_again(stage: Stage) -> Outcome:
    """Row 13: kills while all write; pages, totals and indexes are right afterwards.

    Totals are looked at after each, while all write on.
    """
    whole = stage.whole
    wrong: list[str] = []

    def fault() -> float:
        killed_at = 0.0
        for number in range(1, stage.crashes + 1):
            killed_at = time.monotonic()
            before = whole.kill("postgres")
            whole.await_restart("postgres", after=before)
            time.sleep(CRASHES_APART_SECONDS)
            whole.await_ready()
            with whole.database() as database:
                found = broken(database, of=TOTALS)
            wrong.extend(f"after crash {number}: {each}" for each in found)
        return killed_at

    outcome, _driver = stage.under_load(fault)
    outcome.judgement.wrong += wrong
    outcome.figures["crashes"] = stage.crashes
    with whole.database() as database:
        row = database.execute(
            "SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database"
        ).fetchone()
        database.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
    outcome.require(that=row == (0,), otherwise=f"{row} pages have a wrong checksum")
    try:
        programs.run(
            "pg_amcheck",
            "--heapallindexed",
            "--parent-check",
            state=whole.state,
            url=whole.database_url,
        )
    except RuntimeError as found:
        outcome.problems.append(str(found))
    return outcome


def valkey_stays_away(stage: Stage) -> Outcome:
    """Row 18: Valkey is killed, and nobody brings it back for eight seconds."""
    whole = stage.whole

    def fault() -> None:
        if whole.up is None:
            raise RuntimeError("nothing runs")
        # The supervisor would bring it back at once, so it stands still meanwhile.
        before = whole.pid("valkey")
        whole.up.send_signal(signal.SIGSTOP)
        try:
            whole.kill("valkey")
            time.sleep(8)
        finally:
            whole.up.send_signal(signal.SIGCONT)
        whole.await_restart("valkey", after=before)

    outcome, driver = stage.under_load(fault)
    outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
    outcome.require(that=driver.undecided() == 0, otherwise="taps could not be decided")
    return outcome


def valkey_is_full(stage: Stage) -> Outcome:
    """Row 20: Valkey takes nothing more for four seconds."""

    def fault() -> None:
        with redis.Redis.from_url(stage.whole.valkey_url) as valkey:
            valkey.config_set("maxmemory", "1mb")
            time.sleep(4)
            valkey.config_set("maxmemory", "0")

    outcome, driver = stage.under_load(fault)
    outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
    return outcome


def books_are_locked(stage: Stage) -> Outcome:
    """Row 24: somebody holds the lock of every book for ten seconds."""
    spans: list[tuple[float, float]] = []

    def fault() -> None:
        with psycopg.connect(stage.whole.database_url) as database:
            database.execute("SET statement_timeout = 0")
            began = time.monotonic()
            database.execute("SELECT 1 FROM ledger_book FOR UPDATE")
            time.sleep(CONVOY_SECONDS)
            spans.append((began, time.monotonic()))

    outcome, driver = stage.under_load(fault)
    outcome.require(that=bool(driver.refused()), otherwise="nobody met the lock")
    _require_quick(outcome, driver, during=spans[0], within=TAP_SECONDS)
    return outcome


def somebody_reads_everything(stage: Stage) -> Outcome:
    """Row 25: one snapshot is held open and the journal is exported from it, again and again."""
    driver = Driver(stage.whole.url, stage.seed, pause_seconds=0.1)
    spans: list[tuple[float, float]] = []

    def fault() -> None:
        began = time.monotonic()
        time.sleep(REPORT_SECONDS)
        spans.append((began, time.monotonic()))
        with psycopg.connect(stage.whole.database_url) as database:
            database.execute(SNAPSHOT)
            began = time.monotonic()
            while time.monotonic() < began + REPORT_SECONDS:
                with database.cursor() as cursor, cursor.copy(REPORT) as rows:
                    for _ in rows:
                        pass
                # Whoever reads an export over a network is slower than Postgres.
                time.sleep(0.1)
            spans.append((began, time.monotonic()))

    outcome, driver = stage.under_load(fault, driver=driver)
    usual, meanwhile = (driver.p99("tap", between=span) for span in spans)
    outcome.figures |= {"p99 of taps before, s": usual, "p99 of taps meanwhile, s": meanwhile}
    outcome.require(
        that=meanwhile < usual * SLOWER_BY + SLOWER_BY_SECONDS,
        otherwise=f"p99 of taps went from {usual} to {meanwhile} s",
    )
    outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
    return outcome


def _require_quick(
    outcome: Outcome, driver: Driver, *, during: tuple[float, float], within: float
) -> None:
    """Note a problem unless everybody who asked meanwhile was answered soon enough."""
    slowest = driver.slowest(during=during)
    slow = {each.kind for each in driver.meanwhile(during) if each.seconds >= within}
    outcome.figures["slowest meanwhile, s"] = round(slowest, 2)
    outcome.require(that=not slow, otherwise=f"a request waited {slowest:.1f} s: {slow}")


def _others(database: "psycopg.Connection[Any]") -> list[int]:
    rows = database.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        " AND application_name <> 'faults' ORDER BY pid"
    ).fetchall()
    return [pid for (pid,) in rows]


def _take_all(stack: ExitStack, url: str) -> None:
    with suppress(psycopg.OperationalError):
        while True:
            stack.enter_context(psycopg.connect(url, application_name="faults"))
