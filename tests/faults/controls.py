"""`python -m tests.faults --controls`: with its protection taken out, a row must fail.

A row that holds all the same would prove nothing. One Krak is played whose claims and tasks are
never given back, that gives up no message, that waits for locks and for its database as long as it
takes, and, for the last rows, does not wait for its log to be on the disk. What else is taken out
is so for its row alone.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

import redis

from tests.faults.commands import Deposit, Request
from tests.faults.protections import Protection
from tests.faults.stage import Outcome, Stage
from tests.faults.trials import clocks, limits, network, processes, servers, soak, upkeep
from tests.faults.whole import Whole

SABOTAGE = {
    "claim_seconds": 3600, "visibility_seconds": 3600, "patience_seconds": 3600, "attempts": 1000,
}  # fmt: skip
ENVIRONMENT = {"KRAK_LOCK_TIMEOUT_MS": "0", "KRAK_STATEMENT_TIMEOUT_MS": "0"}
QUIET_SECONDS = 20.0
SHORT_SOAK = {
    "WARM_SECONDS": 5.0, "SAMPLE_EVERY_SECONDS": 0.5, "KILL_EVERY_SECONDS": 20.0,
    "KILLED": ("beat",),
}  # fmt: skip
SHORT_SOAK_MINUTES = 1.0
SHORT_PILE = 2_000
FEW_CRASHES = 3


def without(protection: Protection) -> Callable[[Whole], AbstractContextManager[None]]:
    """Return how to take a protection out of a Krak that runs."""
    return lambda whole: whole.without(protection)


@contextlib.contextmanager
def without_keys(_whole: Whole) -> Iterator[None]:
    """Let clients ask again under another key each time."""
    keyed = Deposit.request

    def request(self: Deposit) -> Request:
        made = keyed(self)
        made.headers["Idempotency-Key"] = secrets.token_hex(10)
        return made

    with patch.object(Deposit, "request", request):
        yield


@contextlib.contextmanager
def forgetful(whole: Whole) -> Iterator[None]:
    """Acknowledge commits before they are written down, and write them down every ten seconds."""
    with whole.database() as database:
        database.execute("ALTER SYSTEM SET synchronous_commit = off")
        database.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        database.execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
        database.execute("SELECT pg_reload_conf()")
    time.sleep(2)
    yield


@contextlib.contextmanager
def killed_when_asked_to_stop(whole: Whole) -> Iterator[None]:
    """Give what is asked to stop no time to end what it does."""
    with patch.object(whole, "terminate", whole.kill):
        yield


@contextlib.contextmanager
def without_append_only_file(whole: Whole) -> Iterator[None]:
    """Let Valkey write nothing down any more, and have something in its queue when it dies."""
    with redis.Redis.from_url(whole.valkey_url) as valkey:
        valkey.config_set("appendonly", "no")
    kill = whole.kill

    def killed(name: str) -> int:
        with whole.paused("worker"):
            time.sleep(1)
            return kill(name)

    with patch.object(whole, "kill", killed):
        yield


@contextlib.contextmanager
def as_long_as_it_takes(_whole: Whole) -> Iterator[None]:
    """Let a migration wait for its lock, and everybody else behind it."""
    with patch.object(upkeep, "LOCK_TIMEOUT", "0"):
        yield


@contextlib.contextmanager
def without_valkey_timeout(_whole: Whole) -> Iterator[None]:
    """Let the Krak that the trial makes for itself wait for Valkey as long as it takes."""
    with patch.object(network, "Whole", partial(Whole, sabotage={"valkey_seconds": 3600})):
        yield


@contextlib.contextmanager
def when_valkey_is_full(_whole: Whole) -> Iterator[None]:
    """Let Postgres count nothing while the disk of Valkey is full."""
    fill = limits._full

    @contextlib.contextmanager
    def full(own: Whole, name: str) -> Iterator[None]:
        alone = own.without(Protection.COUNTING_IN_POSTGRES) if name == "valkey" else nullcontext()
        with fill(own, name), alone:
            yield

    with patch.object(limits, "_full", full):
        yield


@contextlib.contextmanager
def that_lock(_whole: Whole) -> Iterator[None]:
    """Let who reads everything lock what it reads, so that it stays as it is."""
    with patch.object(servers, "SNAPSHOT", "LOCK TABLE ledger_posting IN SHARE MODE"):
        yield


@contextlib.contextmanager
def that_hoards(whole: Whole) -> Iterator[None]:
    """Let whoever does work keep something of it for good, and play the long rows short."""
    with ExitStack() as stack:
        stack.enter_context(whole.without(Protection.FORGETTING))
        stack.enter_context(patch.object(processes, "PILE", SHORT_PILE))
        stack.enter_context(patch.dict(vars(soak), SHORT_SOAK))
        yield
    whole.kill("worker")


def as_it_is(_whole: Whole) -> AbstractContextManager[None]:
    """Take nothing out but what the sabotaged Krak lacks anyway."""
    return nullcontext()


@dataclass(frozen=True)
class Control:
    """A row, what it is played without, and what must be found then."""

    number: int
    without: str
    trial: Callable[[Stage], Outcome]
    found: str
    taken_out: Callable[[Whole], AbstractContextManager[None]] = as_it_is

    def play(self, stage: Stage) -> list[str]:
        """Play the row without its protection; return all that was wrong, what had to be first."""
        stage.quiet_seconds = QUIET_SECONDS
        stage.soak_minutes = SHORT_SOAK_MINUTES
        stage.crashes = FEW_CRASHES
        try:
            with self.taken_out(stage.whole):
                outcome = self.trial(stage)
        except RuntimeError as broken:  # the trial could not go on
            said = [str(broken)]
        else:
            judged = outcome.judgement
            said = [*outcome.problems, *judged.doubled, *judged.lost, *judged.wrong]
        return sorted(said, key=lambda line: self.found not in line)


CONTROLS: tuple[Control, ...] = (
    Control(29, "the same key", network.answers_are_cut_off, "effects", without_keys),
    Control(24, "lock_timeout", servers.books_are_locked, "a request waited"),
    Control(10, "a deadline", servers.postgres_is_paused, "a tap waited"),
    Control(
        26, "lock_timeout of a migration", upkeep.schema_is_expanded, "a request waited",
        as_long_as_it_takes,
    ),
    Control(
        2, "time to stop", processes.web_is_deployed, "was not answered", killed_when_asked_to_stop
    ),
    Control(5, "time to stop", processes.worker_is_deployed, "code 0", killed_when_asked_to_stop),
    Control(
        17, "an append-only file", servers.valkey_is_killed, "I6", without_append_only_file
    ),
    Control(
        7, "slots that are taken once", processes.clocks_die_and_double, "most attempts",
        without(Protection.SLOTS_ONCE),
    ),
    Control(
        11, "a new connection for a broken one", servers.sessions_are_ended, "no recovery",
        without(Protection.RECONNECTING),
    ),
    Control(
        12, "an answer that needs no database", servers.connections_run_out, "/healthz/live",
        without(Protection.LIVENESS_BY_ITSELF),
    ),
    Control(
        15, "Postgres that counts", limits.disks_of_valkey_and_log_are_full, "were refused",
        when_valkey_is_full,
    ),
    Control(
        18, "Postgres that counts", servers.valkey_stays_away, "were refused",
        without(Protection.COUNTING_IN_POSTGRES),
    ),
    Control(
        20, "giving back what could not be published", servers.valkey_is_full, "not quiet",
        without(Protection.GIVING_BACK),
    ),
    Control(
        21, "a timeout for Valkey", network.valkey_is_slow, "a request waited",
        without_valkey_timeout,
    ),
    Control(25, "a snapshot", servers.somebody_reads_everything, "p99 of taps", that_lock),
    Control(
        27, "times of the database", clocks.clocks_jump, "wait for a clock",
        without(Protection.TIME_OF_THE_DATABASE),
    ),
    Control(30, "giving up", processes.work_is_poisoned, "never given up"),
    Control(31, "forgetting what is done", processes.work_piles_up, "MB", that_hoards),
    Control(33, "forgetting what is done", soak.load_goes_on_and_on, "grew by", that_hoards),
    Control(3, "claims that run out", processes.worker_is_killed_before_commit, "I6"),
    Control(19, "claims that run out", servers.valkey_is_flushed, "I6"),
    Control(8, "durable commits", servers.postgres_is_killed, "is not there", forgetful),
    Control(
        13, "durable commits", servers.postgres_is_killed_again_and_again, "is not there",
        forgetful,
    ),
)  # fmt: skip
