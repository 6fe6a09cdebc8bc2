"""Rows 14 to 16: a disk is full, and files and memory run out."""

import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.product import Client
from tests.faults.driver import Driver
from tests.faults.stage import Outcome, Stage
from tests.faults.whole import Whole, family_of

POSTGRES_MB, VALKEY_MB, LOG_MB = 800, 32, 4
SEGMENTS_KEPT = 12
MET_WITHIN_SECONDS = 30
CROWD = 200
FILES_LEFT = 8
MOST_RESTARTS = 3


def disk_of_postgres_is_full(stage: Stage) -> Outcome:
    """Row 14: the disk with all of Postgres' files is full; then somebody makes room.

    The log has segments to use again, as that of a server of some age has: a log that cannot grow
    ends the server, and with it reads.
    """
    with stage.apart(disks={"postgres": POSTGRES_MB}) as own:
        _age_the_log(own.whole)
        driver, reads = Driver(own.whole.url, own.seed), list[object]()

        def fault() -> None:
            path = f"/v1/sandbox/customers/{driver.people[0].customer}/position"
            with _full(own.whole, "postgres"):
                _await(lambda: driver.refused() + driver.undecided() > 0)
                reads.append(Client(own.whole.url).send("GET", path))

        outcome, driver = own.under_load(fault, driver=driver, pause_seconds=0.05)
        outcome.require(that=bool(reads), otherwise="nothing could be read meanwhile")
        outcome.require(
            that=driver.refused() + driver.undecided() > 0, otherwise="nobody met the full disk"
        )
        outcome.require(
            that=all(each.status != 500 for each in driver.tries), otherwise="somebody got a 500"
        )
        own.look_over(outcome)
        return outcome


def disks_of_valkey_and_log_are_full(stage: Stage) -> Outcome:
    """Row 15: Valkey can write no file and the supervisor no log; money does not notice."""
    with stage.apart(disks={"valkey": VALKEY_MB, "log": LOG_MB}) as own:

        def fault() -> None:
            with _full(own.whole, "valkey"), _full(own.whole, "log"):
                # A death is a line to write where nothing can be written.
                before = own.whole.kill("candles")
                time.sleep(own.load_seconds)
                own.whole.await_restart("candles", after=before)

        outcome, driver = own.under_load(fault)
        outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
        outcome.require(that=driver.undecided() == 0, otherwise="taps could not be decided")
        own.look_over(outcome)
        return outcome


def files_and_memory_run_out(stage: Stage) -> Outcome:
    """Row 16: the web server may open no more files, then take no more memory; it is replaced."""
    whole = stage.whole
    said = whole.log.stat().st_size

    def fault() -> None:
        leader = whole.pid("web")
        for pid in family_of(leader):
            _limit(pid, resource.RLIMIT_NOFILE, _free_files(pid)[FILES_LEFT])
        with ExitStack() as stack:
            for _ in range(CROWD):
                stack.enter_context(socket.create_connection(("127.0.0.1", whole.port), timeout=5))
            time.sleep(2)
        for pid in family_of(leader)[1:]:
            _limit(pid, resource.RLIMIT_AS, _address_space(pid) // 2)
        time.sleep(stage.load_seconds)
        whole.terminate("web")
        whole.await_restart("web", after=leader)
        whole.await_ready()

    # Files are for who comes, not for who is there.
    driver = Driver(whole.url, stage.seed, clients=8, hangs_up=True)
    outcome, driver = stage.under_load(fault, driver=driver)
    log = whole.log.read_bytes()[said:]
    restarts = log.count(b"web ended unexpectedly")
    outcome.figures["restarts"] = restarts
    outcome.require(
        that=driver.unanswered() + driver.refused() > 0 or driver.slowest() > 1,
        otherwise="nobody met the limits",
    )
    outcome.require(that=restarts < MOST_RESTARTS, otherwise=f"{restarts} restarts")
    outcome.require(
        that=all(each.accepted is not None for each in driver.commands),
        otherwise="a command never got its answer",
    )
    return outcome


def _age_the_log(whole: Whole) -> None:
    with whole.database() as database:
        database.execute("ALTER SYSTEM SET min_wal_size = '320MB'")
        database.execute("SELECT pg_reload_conf()")
        for _ in range(SEGMENTS_KEPT):
            database.execute("CREATE TABLE aged (id int)")
            database.execute("DROP TABLE aged")
            database.execute("SELECT pg_switch_wal()")
        database.execute("CHECKPOINT")


@contextmanager
def _full(whole: Whole, name: str) -> Iterator[None]:
    """Fill a disk to its last block for as long as the block runs."""
    filler = whole.disk(name) / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(2**20)):
                pass
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


def _await(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MET_WITHIN_SECONDS
    while not met() and time.monotonic() < deadline:
        time.sleep(0.05)


def _limit(pid: int, what: int, soft: int) -> None:
    _, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, hard))


def _free_files(pid: int) -> list[int]:
    """Return the numbers that new files would get; a limit is one of numbers, too."""
    taken = {int(file.name) for file in Path(f"/proc/{pid}/fd").iterdir()}
    return [number for number in range(max(taken) + FILES_LEFT + 2) if number not in taken]


def _address_space(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize()
