"""One trial: load, one fault at a seeded moment, quiet, judgement."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from bench.product import Client
from tests.faults.commands import Capture, Command, Tap
from tests.faults.driver import Door, Driver, new_person
from tests.faults.invariants import Judgement, judge
from tests.faults.leaks import leaks
from tests.faults.whole import Whole

QUIET_SECONDS = 90.0
RECOVERY_SECONDS = 90.0
REWARD_SECONDS = 40.0
CRASHES = 20


@dataclass
class Outcome:
    """What a trial of a row measured."""

    judgement: Judgement
    recovery_seconds: float
    slowest_seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    """Promises beyond the invariants that were not kept."""

    @property
    def holds(self) -> bool:
        """Tell whether the row held."""
        return self.judgement.holds and not self.problems

    def require(self, *, that: bool, otherwise: str) -> None:
        """Keep `otherwise` as a problem unless it is so."""
        if not that:
            self.problems.append(otherwise)

    def require_recovery(self, *, within: float) -> None:
        """Note a problem unless all was well again soon enough."""
        took = self.recovery_seconds
        self.require(that=took < within, otherwise=f"it took {took:.1f} s and not {within:.0f}")

    def __str__(self) -> str:
        return "; ".join([*self.problems, str(self.judgement)])


@dataclass
class Stage:
    """Where trials are played: a Krak, a seed, and how long to play around each fault."""

    whole: Whole
    seed: int
    load_seconds: float = 3.0
    quiet_seconds: float = QUIET_SECONDS
    soak_minutes: float = 0.0
    crashes: int = CRASHES
    """How often row 13 kills Postgres."""
    small: bool = False
    """Play the short form, for every commit."""
    secrets: set[str] = field(default_factory=set)
    """What was handed out to clients, and is to be read nowhere."""
    began_at: datetime | None = None
    """By the database's clock, when work began to count."""

    def under_load(
        self,
        fault: Callable[[], float | None],
        *,
        clients: int = 4,
        pause_seconds: float = 0.25,
        recovers: bool = True,
        driver: Driver | None = None,
    ) -> tuple[Outcome, Driver]:
        """Play, do `fault` at a seeded moment, play on, wait until all is quiet, and judge.

        Recovery counts from the moment that `fault` returns, or from its beginning.
        """
        self.begin()
        random = Random(self.seed)
        driver = driver or Driver(
            self.whole.url, self.seed, clients=clients, pause_seconds=pause_seconds
        )
        driver.prepare()
        self.secrets |= {person.token for person in driver.people}
        driver.start()
        try:
            time.sleep(self.load_seconds * random.uniform(0.3, 0.7))
            began = time.monotonic()
            began = fault() or began
            time.sleep(self.load_seconds * 0.3)
        finally:
            driver.stop()
        recovered = self.round_trip(since=began) if recovers else 0.0
        quiet = self.await_quiet()
        outcome = self.judged(driver.commands, recovered=recovered)
        outcome.slowest_seconds = driver.slowest()
        outcome.problems += driver.errors
        outcome.require(that=quiet, otherwise=f"not quiet after {self.quiet_seconds:.0f} s")
        outcome.figures |= {
            "commands": len(driver.commands),
            "unanswered": driver.unanswered(),
            "refused 5xx": driver.refused(),
            "undecided taps": driver.undecided(),
        }
        return outcome, driver

    @contextlib.contextmanager
    def apart(self, **options: Any) -> Iterator["Stage"]:
        """Play on a Krak of one's own that is made as `Whole` says, and looked over at the end."""
        whole = Whole(Path(tempfile.mkdtemp(prefix="krak-apart-")), **options)
        try:
            whole.start()
            yield Stage(whole, self.seed, self.load_seconds)
        finally:
            whole.stop()
            whole.forget()

    def look_over(self, outcome: Outcome) -> None:
        """Note secrets and card numbers that lie about, and deadlocks since the last look."""
        outcome.problems += leaks(self.whole, secrets=self.secrets)
        with self.whole.database() as database:
            row = database.execute("SELECT sum(deadlocks)::int FROM pg_stat_database").fetchone()
        count = row[0] if row else 0
        # A crash makes Postgres forget what it has counted.
        new = count - self.whole.deadlocks if count >= self.whole.deadlocks else count
        self.whole.deadlocks = count
        outcome.require(that=new == 0, otherwise=f"{new} deadlocks")

    def begin(self) -> None:
        """Note the moment, by the database's clock, from which work counts."""
        with self.whole.database() as database:
            row = database.execute("SELECT statement_timestamp()").fetchone()
            self.began_at = row[0] if row else None

    def judged(self, commands: Sequence[Command], *, recovered: float) -> Outcome:
        """Judge commands, and add how long promised work had to wait."""
        with self.whole.database() as database:
            judgement = judge(database, commands)
            waited = longest_wait(database, since=self.began_at)
        outcome = Outcome(judgement, recovery_seconds=max(recovered, waited))
        outcome.figures |= {
            "a tap rewarded again after, s": round(recovered, 1),
            "longest wait of promised work, s": round(waited, 1),
        }
        return outcome

    def await_quiet(self) -> bool:
        """Wait until nothing is left to do; False if there is something left in the end."""
        deadline = time.monotonic() + self.quiet_seconds
        while time.monotonic() < deadline:
            # Settle gives up by itself after 30 s; a control that waits less must not be held up.
            with contextlib.suppress(psycopg.OperationalError), self.whole.database() as database:
                row = database.execute(
                    "SELECT count(*) FROM outbox_outboxmessage"
                    " WHERE done_at IS NULL AND dead_at IS NULL"
                ).fetchone()
                if row == (0,):
                    break
            time.sleep(0.05)
        else:
            return False
        with contextlib.suppress(OSError, RuntimeError):
            return bool(Client(self.whole.url).send("POST", "/v1/sandbox/settle") == {"pending": 0})
        return False

    def round_trip(self, *, since: float) -> float:
        """Return the seconds from `since` until a tap that began after it was rewarded."""
        door = Door(self.whole.url)
        deadline = since + RECOVERY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, RuntimeError, KeyError):
                if self._rewarded(door):
                    return time.monotonic() - since
            time.sleep(0.05)
        raise RuntimeError(f"no recovery in {RECOVERY_SECONDS} s: {self.whole.last_words()}")

    def _rewarded(self, door: Door) -> bool:
        client = Client(self.whole.url)
        tap = Tap(new_person(client), cents=1000)
        for command in (tap, Capture(tap.person, tap=tap, cents=1000)):
            status, answer = door.send(command.request())
            if status != 200:
                return False
            command.hear(status, answer)
            if not command.accepted:
                return False
        path = f"/v1/sandbox/customers/{tap.person.customer}/position"
        give_up_at = time.monotonic() + REWARD_SECONDS
        while time.monotonic() < give_up_at:
            if client.send("GET", path)["cashback"]["amount"] == "0.10":
                return True
            time.sleep(0.02)
        return False


def longest_wait(database: psycopg.Connection[Any], *, since: Any) -> float:
    """Return how many seconds work that was promised after `since` waited at most."""
    row = database.execute(
        """
        SELECT coalesce(max(extract(epoch FROM done_at - created_at)), 0)::float
          FROM outbox_outboxmessage
         WHERE created_at >= %s
        """,
        [since],
    ).fetchone()
    return float(row[0]) if row else 0.0


def waited_p99(database: psycopg.Connection[Any], *, since: Any) -> float:
    """Return the seconds that one in a hundred promised after `since` waited longer than."""
    row = database.execute(
        """
        SELECT coalesce(percentile_cont(0.99) WITHIN GROUP (
                   ORDER BY extract(epoch FROM done_at - created_at)), 0)::float
          FROM outbox_outboxmessage
         WHERE created_at >= %s AND done_at IS NOT NULL
        """,
        [since],
    ).fetchone()
    return float(row[0]) if row else 0.0
