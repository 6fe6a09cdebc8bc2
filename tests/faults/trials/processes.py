"""Rows 1 to 7: web, worker and clock die, stop, and run twice."""

import contextlib
import re
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.product import Client
from tests.faults.commands import Command
from tests.faults.invariants import broken
from tests.faults.stage import Outcome, Stage, waited_p99

WORK_BACK_SECONDS = 30.0
"""A lost task comes back after 20 s."""
OTHERS_WAIT_SECONDS = 15.0
"""The longest; one in a hundred of them waits longer than:"""
OTHERS_P99_SECONDS = 5.0
GIVEN_UP_SECONDS = 60.0
FEWEST_SLOTS = 3
PILE = 100_000
DRAIN_SECONDS = 300.0
MOST_WORKER_MB = 600
OVERTAKEN_SECONDS = 5.0
"""By how much a later event of a card may be done before an earlier one: two work at once."""


def web_is_killed(stage: Stage) -> Outcome:
    """Row 1: the web server dies with requests in flight, once between commit and answer."""
    whole = stage.whole

    def fault() -> None:
        before = whole.pid("web")
        whole.arm("die-before-answer")
        sprung = whole.await_sprung("die-before-answer", seconds=10)
        whole.await_restart("web", after=before)
        whole.await_ready()
        if not sprung:
            raise RuntimeError("no request was caught between commit and answer")
        if not stage.small:
            before = whole.kill("web")
            whole.await_restart("web", after=before)

    outcome, driver = stage.under_load(fault)
    replayed = sum(1 for each in driver.commands if each.attempts > 1)
    outcome.figures["asked again"] = replayed
    outcome.require(that=replayed > 0, otherwise="nothing was in flight")
    return outcome


def worker_is_killed_before_commit(stage: Stage) -> Outcome:
    """Row 3: the worker dies with its effect written and not committed."""
    return _worker_dies(stage, "die-before-commit")


def worker_is_killed_after_commit(stage: Stage) -> Outcome:
    """Row 4: the worker dies with its effect committed and the task not acknowledged."""
    outcome = _worker_dies(stage, "die-after-commit")
    deadline = time.monotonic() + 60
    again = stage.whole.control / "delivered-again"
    while not again.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    outcome.require(that=again.exists(), otherwise="the task was never delivered again")
    (stage.whole.control / "died-after-commit").unlink(missing_ok=True)
    again.unlink(missing_ok=True)
    if not stage.await_quiet():
        outcome.problems.append("not quiet after the redelivery")
    with stage.whole.database() as database:
        outcome.judgement.wrong += broken(database)
    return outcome


def _worker_dies(stage: Stage, hook: str) -> Outcome:
    whole = stage.whole

    def fault() -> None:
        before = whole.pid("worker")
        whole.arm(hook)
        if not whole.await_sprung(hook):
            raise RuntimeError(f"nobody came by {hook}")
        whole.await_restart("worker", after=before)

    outcome, _driver = stage.under_load(fault)
    # The suite runs beside the short form, on every core.
    if not stage.small:
        outcome.require_recovery(within=WORK_BACK_SECONDS)
    return outcome


def web_is_deployed(stage: Stage) -> Outcome:
    """Row 2: the web server is asked to stop while a request of a second and more runs."""
    whole = stage.whole
    answers: list[Any] = []
    promise = str(uuid.uuid4())

    def ask() -> None:
        with contextlib.suppress(OSError):
            answers.append(Client(whole.url).send("POST", "/v1/sandbox/settle"))

    def fault() -> None:
        # A promise that is not due keeps the settling request waiting until it is taken back.
        with whole.database() as database:
            database.execute(
                "INSERT INTO outbox_outboxmessage (id, topic, payload, due_at)"
                " VALUES (%s, 'faults.later', '{}', now() + interval '1 hour')",
                [promise],
            )
            waiting = threading.Thread(target=ask)
            waiting.start()
            time.sleep(0.5)
            before = whole.terminate("web")
            time.sleep(0.5)
            database.execute("DELETE FROM outbox_outboxmessage WHERE id = %s", [promise])
        waiting.join(30)
        whole.await_restart("web", after=before)
        whole.await_ready()

    outcome, driver = stage.under_load(fault)
    outcome.require(that=bool(answers), otherwise="the request that ran was not answered")
    outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
    return outcome


def worker_is_deployed(stage: Stage) -> Outcome:
    """Row 5: the worker is asked to stop while a task of three seconds runs."""
    whole, said = stage.whole, len(stage.whole.log.read_text(errors="replace"))
    napping = whole.control / "napping"

    def fault() -> None:
        whole.arm("nap-before-commit", "3")
        if not whole.await_sprung("nap-before-commit"):
            raise RuntimeError("nobody came by the nap")
        while not napping.exists():
            time.sleep(0.01)
        before = whole.terminate("worker")
        whole.await_restart("worker", after=before)

    outcome, _driver = stage.under_load(fault)
    napping.unlink(missing_ok=True)
    log = whole.log.read_text(errors="replace")[said:]
    outcome.require(
        that="worker ended unexpectedly (code 0)" in log, otherwise="it did not end with code 0"
    )
    return outcome


def clocks_die_and_double(stage: Stage) -> Outcome:
    """Row 7: beat is killed, and a second one runs beside the next; a slot has ten ticks then."""
    whole = stage.whole
    since: list[Any] = []

    def fault() -> None:
        with whole.database() as database:
            since.append(database.execute("SELECT statement_timestamp()").fetchone())
        before = whole.kill("beat")
        whole.await_restart("beat", after=before)
        pid = whole.pid("beat")
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
        words[words.index("--schedule") + 1] = str(whole.state / "second-beat")
        pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
        environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        second = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
        try:
            time.sleep(15)
        finally:
            second.terminate()
            second.wait(20)

    outcome, _driver = stage.under_load(fault)
    with whole.database() as database:
        rows = database.execute(
            "SELECT count(*), coalesce(max(attempts), 0) FROM schedule_run"
            " WHERE job = 'faults.slot' AND started_at > %s",
            since[0],
        ).fetchone()
    outcome.figures["slots, most attempts"] = rows
    outcome.require(that=bool(rows and rows[0] >= FEWEST_SLOTS), otherwise="the job did not run")
    outcome.require(that=bool(rows and rows[1] <= 1), otherwise=f"slots, most attempts: {rows}")
    return outcome


def work_is_poisoned(stage: Stage) -> Outcome:
    """Row 30: a message that always fails is given up in the end; others do not wait for it."""
    whole = stage.whole
    poison = str(uuid.uuid4())
    gauges: list[float] = []

    def fault() -> None:
        with whole.database() as database:
            database.execute(
                "INSERT INTO outbox_outboxmessage (id, topic, payload)"
                " VALUES (%s, 'faults.poison', '{}')",
                [poison],
            )
            deadline = time.monotonic() + GIVEN_UP_SECONDS
            while not _is_dead(database, poison):
                if time.monotonic() > deadline:
                    raise RuntimeError("the poison was never given up")
                time.sleep(0.2)
            gauges.append(_gauge(whole.url, "krak_outbox_dead"))
            database.execute("DELETE FROM outbox_outboxmessage WHERE id = %s", [poison])

    outcome, _driver = stage.under_load(fault)
    waited = outcome.figures["longest wait of promised work, s"]
    with whole.database() as database:
        p99 = waited_p99(database, since=stage.began_at)
    outcome.figures |= {
        "p99 of others' wait, s": round(p99, 2),
        "krak_outbox_dead meanwhile": gauges[0],
    }
    outcome.require(that=p99 < OTHERS_P99_SECONDS, otherwise=f"p99 of others' wait: {p99:.1f} s")
    outcome.require(that=gauges[0] >= 1, otherwise="no alarm would have gone off")
    outcome.require(that=waited < OTHERS_WAIT_SECONDS, otherwise=f"others waited {waited} s")
    return outcome


def work_piles_up(stage: Stage) -> Outcome:
    """Row 31: a hundred thousand events wait while the worker stands still, then drain in order."""
    whole = stage.whole
    pile: list[int] = []
    seconds: list[float] = []
    sizes: list[int] = []

    def fault() -> None:
        with whole.database() as database:
            with whole.paused("worker"):
                time.sleep(stage.load_seconds)
                _pile_up(database, PILE)
                piled_up_at = database.execute("SELECT statement_timestamp()").fetchone()
                pile.append(_pending(database, piled_up_at))
                time.sleep(stage.load_seconds)
            began = time.monotonic()
            # What the load promises meanwhile comes after it and is waited for later.
            while _pending(database, piled_up_at) and time.monotonic() < began + DRAIN_SECONDS:
                sizes.append(whole.memory_kb().get("worker", 0))
                time.sleep(0.2)
            seconds.append(time.monotonic() - began)
            pile.append(_pending(database, piled_up_at))

    # To drain is to recover: the fault has waited for it.
    outcome, driver = stage.under_load(fault, recovers=False)
    with whole.database() as database:
        events, passed, late = overtaken(database, driver.commands, since=stage.began_at)
    megabytes = max(sizes, default=0) // 1024
    outcome.figures |= {
        "piled up": pile[0],
        "drained, messages/s": round((pile[0] - pile[1]) / seconds[0]),
        "worker at most, MB": megabytes,
        "events of cards": events,
        "done after a later one of their card": passed,
        "by at most, s": round(late, 2),
    }
    outcome.require(that=events > 0, otherwise="no event of a card was in the pile")
    outcome.require(
        that=late < OVERTAKEN_SECONDS,
        otherwise=f"an event was overtaken by a later one of its card by {late:.1f} s",
    )
    outcome.require(that=pile[1] == 0, otherwise=f"{pile[1]} wait after {DRAIN_SECONDS:.0f} s")
    outcome.require(that=pile[0] >= PILE, otherwise=f"only {pile[0]} piled up")
    outcome.require(that=megabytes < MOST_WORKER_MB, otherwise=f"the worker took {megabytes} MB")
    return outcome


def _pile_up(database: Any, count: int) -> None:
    """Promise again, under new ids, to process events that are processed: each is looked up."""
    database.execute(
        """
        WITH known AS MATERIALIZED (
            SELECT topic, payload FROM outbox_outboxmessage
             WHERE topic = 'inbox.process' AND done_at IS NOT NULL)
        INSERT INTO outbox_outboxmessage (id, topic, payload)
        SELECT gen_random_uuid(), topic, payload
          FROM generate_series(1, (SELECT %(count)s / count(*) + 1 FROM known)), known
         LIMIT %(count)s
        """,
        {"count": count},
    )


def overtaken(database: Any, commands: Sequence[Command], *, since: Any) -> tuple[int, int, float]:
    """Return how many events of cards were done, how many after a later one, by how many seconds.

    An event is told again for each copy of it in the pile; its first doing counts, since that has
    the effect.
    """
    names = [each.name for each in commands]
    cards = [each.person.card for each in commands]
    row = database.execute(
        """
        WITH done AS (
            SELECT wanted.card, min(m.created_at) AS promised_at, min(m.done_at) AS done_at, i.id
              FROM unnest(%s::text[], %s::text[]) AS wanted(name, card)
              JOIN inbox_inboxevent i ON i.event_id LIKE 'evt_' || wanted.name || '%%'
              JOIN outbox_outboxmessage m
                ON m.topic = 'inbox.process' AND m.payload ->> 'inbox_event' = i.id::text
             WHERE m.created_at >= %s AND m.done_at IS NOT NULL
             GROUP BY wanted.card, i.id),
        later AS (
            SELECT done_at, min(done_at) OVER (PARTITION BY card ORDER BY promised_at, id
                   ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS first_later
              FROM done)
        SELECT count(*), count(*) FILTER (WHERE first_later < done_at),
               coalesce(max(extract(epoch FROM done_at - first_later)), 0)::float
          FROM later
        """,
        [names, cards, since],
    ).fetchone()
    events, passed, seconds = row
    return events, passed, max(seconds, 0.0)


def _pending(database: Any, before: Any) -> int:
    row = database.execute(
        "SELECT count(*) FROM outbox_outboxmessage"
        " WHERE done_at IS NULL AND dead_at IS NULL AND created_at <= %s",
        before,
    ).fetchone()
    return int(row[0]) if row else 0


def _is_dead(database: Any, message: str) -> bool:
    """Tell whether a message was given up; until then its pauses, of minutes, are cut short."""
    row = database.execute(
        "UPDATE outbox_outboxmessage SET due_at = least(due_at, now() + interval '1 s')"
        " WHERE id = %s RETURNING dead_at IS NOT NULL",
        [message],
    ).fetchone()
    return bool(row and row[0])


def _gauge(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return max(float(line.split()[-1]) for line in lines if re.match(rf"{name}[ {{]", line))
