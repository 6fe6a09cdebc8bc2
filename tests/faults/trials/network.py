"""Rows 21 and 29 and two hosts: what lies between clients, the product and its servers."""

import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults import proxy
from tests.faults.driver import Driver
from tests.faults.stage import Outcome, Stage
from tests.faults.whole import Whole, family_of

SLOW_SECONDS = 3.0
MOST_WAITED_SECONDS = 2.0
"""By who asks for what is counted in Valkey, which is then asked no more for a while."""
SLOWER_BY_SECONDS = 0.5
"""What p99 of taps, the slowest of some forty, may be more than before on two busy cores."""


def answers_are_cut_off(stage: Stage) -> Outcome:
    """Row 29: each third answer ends after its headers; it is asked for again with its key."""
    with proxy.before(stage.whole.port) as between:
        driver = Driver(stage.whole.url, stage.seed)

        def fault() -> None:
            between.cut_every = 3
            time.sleep(stage.load_seconds)
            between.cut_every = 0

        driver.play_on = f"http://127.0.0.1:{between.own_port}"
        outcome, driver = stage.under_load(fault, driver=driver)
    outcome.figures["answers cut off"] = between.cut
    replayed = [each for each in driver.commands if each.attempts > 1]
    outcome.figures["asked again"] = len(replayed)
    outcome.require(that=between.cut > 0, otherwise="no answer was cut off")
    outcome.require(that=len(replayed) > 0, otherwise="nothing was asked again")
    outcome.require(
        that=all(each.accepted is not None for each in driver.commands),
        otherwise="a command never got its answer",
    )
    return outcome


def valkey_is_slow(stage: Stage) -> Outcome:
    """Row 21: a proxy holds each of Valkey's answers back; taps do not notice."""
    before = Whole(Path(tempfile.mkdtemp(prefix="krak-slow-")), ours=("valkey",))
    before.state.mkdir(exist_ok=True)
    try:
        before.start_servers()
        parts = urlsplit(before.servers["valkey"].url)
        with proxy.before(parts.port or 0) as between:
            address = f"redis://:{parts.password}@127.0.0.1:{between.own_port}/0"
            before.proxied = {"valkey": address}
            before.start()
            own = Stage(before, stage.seed, stage.load_seconds)

            def fault() -> None:
                between.delay_seconds = SLOW_SECONDS
                time.sleep(max(stage.load_seconds, 3 * SLOW_SECONDS))
                between.delay_seconds = 0.0

            quiet, calm = own.under_load(lambda: time.sleep(stage.load_seconds))
            outcome, driver = own.under_load(fault)
            outcome.problems += [str(quiet)] if not quiet.holds else []
            usual, slow = calm.p99("tap"), driver.p99("tap")
            outcome.figures |= {"p99 of taps before, s": usual, "p99 of taps meanwhile, s": slow}
            outcome.require(
                that=slow < usual + SLOWER_BY_SECONDS,
                otherwise=f"p99 of taps went from {usual} to {slow} s",
            )
            slowest = driver.slowest()
            outcome.require(
                that=slowest < MOST_WAITED_SECONDS, otherwise=f"a request waited {slowest:.1f} s"
            )
            outcome.require(
                that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused"
            )
            own.look_over(outcome)
            return outcome
    finally:
        before.stop()
        before.forget()


def a_host_dies(stage: Stage) -> Outcome:
    """Two hosts on one Postgres and one Valkey; one dies with all its processes at once."""
    first = stage.whole
    second = Whole(
        Path(tempfile.mkdtemp(prefix="krak-second-")),
        environment={
            "DATABASE_URL": first.database_url,
            "REDIS_URL": first.valkey_url,
            **first.issuer(),
        },
    )
    try:
        second.start()
        driver = Driver(first.url, stage.seed, clients=6)
        driver.also = second.url

        def fault() -> None:
            if second.up is None:
                raise RuntimeError("the second host does not run")
            for pid in family_of(second.up.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            second.up.wait()
            time.sleep(stage.load_seconds)

        outcome, driver = stage.under_load(fault, driver=driver)
        moved = [each for each in driver.commands if each.attempts > 1]
        outcome.figures["went over to the other host"] = len(moved)
        outcome.require(that=bool(moved), otherwise="nobody was on the host that died")
        return outcome
    finally:
        second.stop()
        second.forget()
