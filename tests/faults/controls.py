"""`python -m tests.faults --controls`: with its protection taken out, a row must fail.

A row that holds all the same would prove nothing. One Krak is played whose claims and tasks are
never given back, that waits for locks and for its database as long as it takes, and, for the last
rows, does not wait for its log to be on the disk.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from unittest.mock import patch

import redis

from tests.faults.commands import Deposit, Request
from tests.faults.stage import Outcome, Stage
from tests.faults.trials import network, processes, servers, upkeep
from tests.faults.whole import Whole

SABOTAGE = {"claim_seconds": 3600, "visibility_seconds": 3600, "patience_seconds": 3600}
ENVIRONMENT = {"KRAK_LOCK_TIMEOUT_MS": "0", "KRAK_STATEMENT_TIMEOUT_MS": "0"}
QUIET_SECONDS = 20.0


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

    def finds(self, stage: Stage) -> str:
        """Play the row; return what was found, "" if not what had to be."""
        stage.quiet_seconds = QUIET_SECONDS
        with self.taken_out(stage.whole):
            outcome = self.trial(stage)
        said = [*outcome.problems, *outcome.judgement.doubled, *outcome.judgement.lost]
        said += outcome.judgement.wrong
        return next((line for line in said if self.found in line), "")


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
    Control(3, "claims that run out", processes.worker_is_killed_before_commit, "I6"),
    Control(19, "claims that run out", servers.valkey_is_flushed, "I6"),
    Control(8, "durable commits", servers.postgres_is_killed, "is not there", forgetful),
    Control(
        13, "durable commits", servers.postgres_is_killed_again_and_again, "is not there",
        forgetful,
    ),
)  # fmt: skip
