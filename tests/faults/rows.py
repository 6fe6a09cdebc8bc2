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


WEAKENED = "what is taken out is in tests/faults/controls.py (`--controls`)"
OF_THE_CHECKER = "of the checker alone: what is put there by hand is found (test_checker.py)"

ROWS: tuple[Row, ...] = (
    Row(
        1,
        "web killed mid-request",
        "asked again with the same key: exactly one effect",
        "SIGKILL of the group, once between commit and answer, once at any moment",
        "made under two keys it is doubled, and the checker says so (test_checker.py)",
        processes.web_is_killed,
        every_commit=True,
        tests=(
            "tests/faults/test_checker.py::test_a_deposit_that_was_made_under_two_keys_is_doubled",
        ),
    ),
    Row(
        2,
        "web asked to stop (deploy)",
        "the request that runs is answered, none is answered 5xx",
        "SIGTERM while a request runs",
        OF_THE_CHECKER,
        processes.web_is_deployed,
    ),
    Row(
        3,
        "worker killed before its commit",
        "runs again, once",
        "the worker's group dies by SIGKILL inside the transaction",
        WEAKENED,
        processes.worker_is_killed_before_commit,
        every_commit=True,
    ),
    Row(
        4,
        "worker killed after commit, before its acknowledgement",
        "delivered again and passed over",
        "the worker's group dies by SIGKILL between the commit and the return of the task",
        "the trial waits to see the second delivery",
        processes.worker_is_killed_after_commit,
        every_commit=True,
        tests=("tests/core/test_outbox.py::TestDelivering::test_delivered_twice_has_one_effect",),
    ),
    Row(
        5,
        "worker asked to stop",
        "finishes its task of 3 s, then ends with code 0",
        "SIGTERM while a task naps",
        OF_THE_CHECKER,
        processes.worker_is_deployed,
    ),
    Row(
        6,
        "a task longer than the visibility timeout",
        "runs twice, effect once",
        "two deliveries at one moment, parked",
        "the handler counts its runs",
        tests=(
            "tests/core/test_outbox.py::TestRaces::test_a_delivery_passes_over_what_another_one_is_at",
            "tests/core/test_outbox.py::TestRaces::test_eight_deliveries_at_one_moment_have_one_effect",
        ),
        instead="a task that sleeps 10 s in its transaction is ended by Postgres",
    ),
    Row(
        7,
        "beat killed, two beats",
        "one run per job and slot",
        "SIGKILL; then a second beat beside the next",
        OF_THE_CHECKER,
        processes.clocks_die_and_double,
        tests=("tests/core/test_schedule.py::test_twelve_clocks_at_once_run_each_slot_once",),
    ),
    Row(
        8,
        "Postgres killed under load",
        "no acknowledged write is lost",
        "SIGKILL of the postmaster; the supervisor reaps it and starts it again",
        WEAKENED,
        servers.postgres_is_killed,
        every_commit=True,
    ),
    Row(
        9,
        "Postgres restarted without reaping",
        "starts beside its zombie",
        "SIGKILL, not waited for",
        "the lock file still names the zombie, which lives for kill(pid, 0)",
        tests=(
            "tests/faults/test_unreaped.py::test_postgres_starts_again_beside_its_unreaped_predecessor",
        ),
    ),
    Row(
        10,
        "Postgres paused",
        "taps are declined in time, nothing half done",
        "SIGSTOP of all its processes for 5 s",
        "a tap must have met the pause",
        servers.postgres_is_paused,
        tests=(
            "tests/cards/test_silent_database.py::test_a_paused_database_is_a_decline_in_time_and_leaves_no_hold",
        ),
    ),
    Row(
        11,
        "backends terminated",
        "one retry, no duplicate",
        "pg_terminate_backend at random, 20 times",
        OF_THE_CHECKER,
        servers.sessions_are_ended,
    ),
    Row(
        12,
        "connections exhausted",
        "quick refusals, alive all the while",
        "strangers take all of them, the product's are ended",
        OF_THE_CHECKER,
        servers.connections_run_out,
    ),
    Row(
        13,
        "crash after crash",
        "pages, totals and indexes are right",
        "three SIGKILLs while all write; checksums; statements without indexes",
        OF_THE_CHECKER,
        servers.postgres_is_killed_again_and_again,
        instead="3 rounds of 20; pg_amcheck not run",
    ),
    Row(
        14,
        "disk full, Postgres",
        "writes fail clean, reads work",
        "",
        "",
        instead="not tried yet",
    ),
    Row(
        15,
        "disk full, Valkey's file and logs",
        "money unaffected",
        "",
        "",
        instead="not tried yet; Valkey that takes nothing is row 20",
    ),
    Row(
        16,
        "file descriptors and memory run out",
        "bounded errors, restart",
        "",
        "",
        tests=("tests/runtime/test_services.py::test_a_child_that_keeps_dying_stops_everything",),
        instead="not tried with limits yet",
    ),
    Row(
        17,
        "Valkey killed",
        "requests succeed, the queue goes on",
        "SIGKILL; it comes back with its append-only file",
        OF_THE_CHECKER,
        servers.valkey_is_killed,
        every_commit=True,
    ),
    Row(
        18,
        "Valkey away",
        "money is taken, the outbox grows and drains",
        "SIGKILL, and for 8 s nobody brings it back (5 minutes were not tried)",
        OF_THE_CHECKER,
        servers.valkey_stays_away,
    ),
    Row(
        19,
        "everything in Valkey is flushed",
        "nothing lost: the outbox publishes again within 60 s",
        "FLUSHALL with the worker paused, so that there are tasks to lose",
        WEAKENED,
        servers.valkey_is_flushed,
        every_commit=True,
    ),
    Row(
        20,
        "Valkey full",
        "as row 18",
        "maxmemory 1mb for 4 s",
        OF_THE_CHECKER,
        servers.valkey_is_full,
    ),
    Row(
        21,
        "Valkey slow",
        "taps unaffected",
        "CLIENT PAUSE 3000, twice",
        OF_THE_CHECKER,
        servers.valkey_is_slow,
    ),
    Row(
        22,
        "caches flushed",
        "customers stay signed in",
        "FLUSHALL, as row 19: no 401",
        "the driver's tokens are counted",
        tests=("tests/identity/test_sign_in.py::test_sessions_survive_a_flushed_cache",),
    ),
    Row(
        23,
        "deadlock",
        "locks in order of id: none",
        "two sessions lock two books in either order, 25 times",
        "locked one by one as they are named, they deadlock",
        tests=(
            "tests/faults/test_lock_order.py::test_two_who_lock_the_same_books_in_either_order_both_get_them",
            "tests/faults/test_lock_order.py::test_control_locked_one_by_one_in_the_order_they_are_named_they_deadlock",
        ),
    ),
    Row(
        24,
        "lock convoy",
        "declined or refused in time",
        "every book is locked for 4 s",
        OF_THE_CHECKER,
        servers.books_are_locked,
        tests=(
            "tests/cards/test_decision_races.py::test_a_parked_lock_ends_in_system_busy_within_the_deadline",
        ),
    ),
    Row(
        25,
        "a long report",
        "no effect on writers",
        "the books are proved again and again in one snapshot for 5 s (p99 not compared)",
        OF_THE_CHECKER,
        servers.somebody_reads_everything,
        tests=(
            "tests/statements/test_statements.py::test_reading_for_a_statement_blocks_no_writer_and_writes_nothing",
        ),
    ),
    Row(
        26,
        "migration while running",
        "no errors",
        "",
        "",
        instead="not tried yet",
    ),
    Row(
        27,
        "clock jumps",
        "order by sequence, times of the database",
        "the caller's clock is five hours off, either way",
        "",
        tests=(
            "tests/cards/test_silent_database.py::test_the_clock_of_another_host_does_not_move_the_deadline",
            "tests/core/test_ids.py::test_a_clock_that_is_set_back_does_not_reorder_ids",
        ),
        instead="a whole Krak with a moved clock was not tried",
    ),
    Row(
        28,
        "DST, month ends, leap day",
        "no gap and no double day",
        "properties of schedules and months",
        "",
        tests=(
            "tests/trading/test_schedule.py::test_daylight_saving_neither_skips_nor_doubles_a_day",
            "tests/statements/test_months.py::test_every_day_of_a_run_of_months_is_in_one_of_them_once",
            "tests/statements/test_months.py::test_february_has_its_leap_day",
        ),
    ),
    Row(
        29,
        "answer cut off",
        "asked again: one effect",
        "row 1 kills between commit and answer",
        "as row 1",
        tests=(
            "tests/core/test_idempotency.py::test_the_same_request_again_gets_the_first_answer",
        ),
        instead="no proxy that cuts after the headers",
    ),
    Row(
        30,
        "poison",
        "tried again with growing pauses, others go on",
        "a message of a topic that nobody handles",
        OF_THE_CHECKER,
        processes.work_is_poisoned,
        tests=(
            "tests/core/test_outbox.py::TestDelivering::test_a_failure_is_retried_with_growing_pauses_then_dead_while_others_go_on",
        ),
    ),
    Row(
        31,
        "backlog",
        "drains",
        "the worker stands still for 8 s of load (100,000 events were not tried)",
        OF_THE_CHECKER,
        processes.work_piles_up,
    ),
    Row(
        32,
        "backup and restore",
        "the copy passes I1 to I7",
        "",
        "",
        instead="not tried yet",
    ),
    Row(
        33,
        "soak",
        "flat memory, no break",
        "",
        "",
        instead="not tried; `--times 5` plays all rows five times on one Krak",
    ),
)
