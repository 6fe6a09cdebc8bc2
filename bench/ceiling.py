"""Taps by `pgbench`: the two calls of a decision alone, without HTTP, rules, or anybody to answer.

What Postgres makes of them is more than any web server in front of it could. The rules are asked
beforehand, by the same code that answers the till, and each decision is posted once.
"""

import os
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

import orjson
import psycopg

from bench import crowd, pgbench, taps, tpcb

CLIENTS = 8
BOARD_SECONDS = 10
TABLE = """
DROP TABLE IF EXISTS bench_tap;
CREATE TABLE bench_tap (
    n int PRIMARY KEY, card text, stripe_id text, customer uuid, version bigint, posting text
)
"""
SCRIPT = """
\\set turn :turn + 1
\\set n :turn * {clients} + :client_id
SELECT authorizations_snapshot(
    (SELECT customer_id FROM issuing_carddirectory WHERE stripe_id = t.card),
    t.card, t.stripe_id, 0, now(), date_trunc('day', now(), 'UTC')
) FROM bench_tap t WHERE n = :n;
SELECT authorizations_settle(t.customer, t.version, 'infinity', t.posting::jsonb)
  FROM bench_tap t WHERE n = :n;
"""
DECIDED = "SELECT count(*) FROM authorizations_decision"
WRITTEN = """
SELECT tup_inserted + tup_updated FROM pg_stat_database WHERE datname = current_database()
"""
"""Of sessions that have ended: what they have written is counted then."""


def measure(url: str, *, customers: int, rounds: int) -> dict[str, object]:
    """Return taps a second beside TPC-B; each round has new customers, who tap once.

    Raises:
        RuntimeError: a tap was not posted, so that the rate is of something else.
    """
    found, rows, ratios = [], [], []
    for number in range(rounds):
        _prepare(crowd.make(url, many=customers), first_amount=number)
        per_second, written = _per_second(customers)
        yardstick = tpcb.measure(clients=CLIENTS, seconds=6)
        found.append(per_second)
        rows.append(written)
        ratios.append(per_second / yardstick.per_second)
    return {
        "per_second": round(statistics.median(found)),
        "rows_written_each": round(statistics.median(rows), 1),
        "ratio_to_tpcb": round(statistics.median(ratios), 3),
        "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
    }


def _prepare(cards: list[str], *, first_amount: int) -> None:
    """Decide on a tap of each card, and keep what is to be posted."""
    from fx.prices import live  # noqa: PLC0415 - Django is ready only now

    live.start()
    if not live.wait_until_loaded(BOARD_SECONDS):
        raise RuntimeError("no board to decide with")
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        database.execute(TABLE)
        with database.cursor().copy("COPY bench_tap FROM STDIN") as copy:
            for number, card in enumerate(cards):
                amount = taps.AMOUNTS[(first_amount + number) % len(taps.AMOUNTS)]
                copy.write_row((number, card, *_decided(card, amount)))
        database.execute("ANALYZE bench_tap")


def _decided(card: str, amount_minor: int) -> tuple[str, str, int, str]:
    """Return id, customer, version of the book, and what is to be posted, of a tap."""
    from cards.authorizations.rules.decision import decide  # noqa: PLC0415
    from cards.authorizations.rules.facts import facts_of, prices_of  # noqa: PLC0415
    from cards.authorizations.services.decisions import read_snapshot  # noqa: PLC0415
    from cards.authorizations.services.posting import posting_of  # noqa: PLC0415
    from cards.authorizations.webhooks import translate  # noqa: PLC0415
    from fx.prices import live  # noqa: PLC0415
    from krak.core import clock  # noqa: PLC0415
    from krak.stripe.events import read_event  # noqa: PLC0415

    text, headers = taps.request(card, amount_minor)
    signature, now = headers["Stripe-Signature"], clock.now()
    request = translate(
        read_event(text.encode(), signature=signature, secrets=[taps.SECRET], now=now)
    )
    snapshot = read_snapshot(card, stripe_id=request.stripe_id, step=request.step, now=now)
    if snapshot is None:
        raise RuntimeError(f"{card} is nobody's")
    board, currency = live.current(), snapshot["card"]["currency"]
    prices = prices_of(snapshot["balances"], board=board, currency=currency, now=now)
    verdict = decide(request, facts_of(snapshot, prices, livemode=False, ours=False))
    posting = posting_of(request, verdict, snapshot=snapshot, prices=prices, board=board, now=now)
    return (
        request.stripe_id,
        snapshot["customer"],
        snapshot["version"],
        orjson.dumps(posting).decode(),
    )


def _per_second(customers: int) -> tuple[float, float]:
    """Return the rate, and the rows that each tap has written."""
    url, turns = os.environ["DATABASE_URL"], customers // CLIENTS
    decided, written = _counted()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "tap.sql"
        script.write_text(SCRIPT.format(clients=CLIENTS))
        done = subprocess.run(
            [
                pgbench.program(), "-n", "-f", str(script), "-D", "turn=-1", "-M", "prepared",
                "-c", str(CLIENTS), "-j", "2", "-t", str(turns), *pgbench.where(url),
            ],
            env=pgbench.environment(url), check=False, capture_output=True, text=True,
        )  # fmt: skip
    posted, rows = (
        after - before for after, before in zip(_counted(), (decided, written), strict=True)
    )
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or rate is None or posted != turns * CLIENTS:
        raise RuntimeError(f"{posted} posted of {turns * CLIENTS}\n{done.stdout}{done.stderr}")
    return float(rate.group(1)), rows / posted


def _counted() -> tuple[int, int]:
    """Return how many decisions there are, and rows written so far."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        (decided,) = database.execute(DECIDED).fetchone() or (0,)
        (written,) = database.execute(WRITTEN).fetchone() or (0,)
    return decided, written
