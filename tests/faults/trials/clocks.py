"""Row 27: the clock of the application jumps, the database's does not."""

import time
from datetime import timedelta

from tests.faults.driver import Driver
from tests.faults.stage import Outcome, Stage

JUMPS = (timedelta(hours=1), timedelta(hours=-1))


def clocks_jump(stage: Stage) -> Outcome:
    """All processes are an hour ahead, then an hour late, then right again; Stripe goes with them.

    A signature that is an hour old is refused, so with Stripe's clock right nothing would happen.
    """
    whole, driver = stage.whole, Driver(stage.whole.url, stage.seed)

    def set_ahead(ahead: timedelta) -> None:
        whole.arm("clock-ahead", str(ahead.total_seconds()))
        for person in driver.people:
            person.clock_ahead = ahead

    def fault() -> None:
        try:
            for ahead in JUMPS:
                set_ahead(ahead)
                time.sleep(stage.load_seconds)
        finally:
            set_ahead(timedelta(0))
            (whole.control / "clock-ahead").unlink()

    outcome, driver = stage.under_load(fault, driver=driver)
    # When work was done is written by the clock that jumped: how long it waited is not to be told.
    del outcome.figures["longest wait of promised work, s"]
    outcome.recovery_seconds = outcome.figures["a tap rewarded again after, s"]
    with whole.database() as database:
        row = database.execute(
            "SELECT count(*) FROM (SELECT e.created_at, lag(e.created_at) OVER"
            " (PARTITION BY customer_id ORDER BY sequence) AS before"
            " FROM ledger_journalentry e) AS pairs WHERE created_at < before"
        ).fetchone()
        late = database.execute(
            "SELECT count(*) FROM outbox_outboxmessage"
            " WHERE done_at IS NULL AND due_at > now() + interval '5 minutes'"
        ).fetchone()
    outcome.figures["entries older than the one before them"] = row[0] if row else None
    outcome.require(that=late == (0,), otherwise=f"{late} promises wait for a clock that was wrong")
    outcome.require(that=driver.refused() == 0, otherwise=f"{driver.refused()} were refused")
    return outcome
