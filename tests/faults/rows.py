"""The table of rows: what is tried, what is promised, and where the proof of each is."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.stage import Outcome, Stage
from tests.faults.trials import processes, servers


@dataclass(frozen=True)
class Row:
    """One fault. `trial` plays it; `tests` prove it, or its parts, on their own."""

    number: int
    fault: str
    promise: str
    how: str
    control: str
    """What is taken out to see the row fail, and where that is tried."""
    trial: Callable[[Stage], Outcome] | None = None
    every_commit: bool = False
    tests: tuple[str, ...] = ()
    instead: str = ""
    """Why it cannot be run here, and what was done instead."""


ROWS: tuple[Row, ...] = (
    Row(
        1,
        "web killed mid-request",
        "asked again with the same key: exactly one effect",
        "SIGKILL of the group, once between commit and answer, once at any moment",
        "the driver asks again with another key (tests/faults/test_controls.py)",
        processes.web_is_killed,
        every_commit=True,
    ),
    Row(
        3,
        "worker killed before its commit",
        "runs again, once",
        "the worker's group dies by SIGKILL inside the transaction",
        "claims that are never given up (`make faults`)",
        processes.worker_is_killed_before_commit,
        every_commit=True,
    ),
    Row(
        4,
        "worker killed after commit, before its acknowledgement",
        "delivered again and passed over",
        "the worker's group dies by SIGKILL between the commit and the return of the task",
        "acknowledged early: the trial misses the second delivery (`make faults`)",
        processes.worker_is_killed_after_commit,
        every_commit=True,
    ),
    Row(
        8,
        "Postgres killed under load",
        "no acknowledged write is lost",
        "SIGKILL of the postmaster; the supervisor reaps it and starts it again",
        "synchronous_commit = off loses what was acknowledged (`make faults`)",
        servers.postgres_is_killed,
        every_commit=True,
    ),
    Row(
        17,
        "Valkey killed",
        "requests succeed, the queue goes on",
        "SIGKILL; it comes back with its append-only file",
        "claims that are never given up, no file (`make faults`)",
        servers.valkey_is_killed,
        every_commit=True,
    ),
    Row(
        19,
        "everything in Valkey is flushed",
        "nothing lost: the outbox publishes again within 60 s",
        "FLUSHALL with the worker paused, so that there are tasks to lose",
        "claims that are never given up (`make faults`)",
        servers.valkey_is_flushed,
        every_commit=True,
    ),
)
