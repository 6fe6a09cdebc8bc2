"""`python -m bench.growth`: the same work in a small ledger and in a large one.

Fills the tables with customers of ten postings each, past their triggers, because what is measured
is how it goes beside them. Writes `bench/growth.json`, which `python -m bench.report` shows. It
needs a database of its own.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import django
import psycopg

from bench import postings

RESULTS = Path(__file__).parent / "growth.json"
SQL = (Path(__file__).parent / "growth.sql").read_text()
POSTINGS_PER_CUSTOMER = 10
AT_ONCE = 20_000
SIZES = (10_000, 1_000_000, 10_000_000)
QUERIES = {
    "the accounts of a customer": (
        "SELECT currency, posted, held FROM ledger_ledgeraccount WHERE customer_id = $1"
    ),
    "the newest entries of a customer": (
        "SELECT id, kind, event_at FROM ledger_journalentry"
        " WHERE customer_id = $1 ORDER BY sequence DESC LIMIT 50"
    ),
    "the postings of an entry": (
        "SELECT leg, side, currency, amount FROM ledger_posting"
        " WHERE customer_id = $1 AND entry_id = $2 ORDER BY leg"
    ),
    "was this cause posted": (
        "SELECT FROM ledger_journalentry WHERE customer_id = $1 AND cause = 'bench'"
    ),
    "what a customer was approved for today": (
        "SELECT sum(approved_amount) FROM authorizations_decision"
        " WHERE customer_id = $1 AND decided_at >= now() - interval '1 day'"
    ),
    "lots that are left": (
        "SELECT id, remaining FROM lots_lot WHERE customer_id = $1 AND currency = 'BTC'"
        " AND remaining > 0 ORDER BY acquired_at, id"
    ),
    "messages that are due": (
        "SELECT id FROM outbox_outboxmessage WHERE done_at IS NULL AND dead_at IS NULL"
        " AND due_at <= now() ORDER BY due_at, id LIMIT 400"
    ),
}


def main() -> None:
    """Measure at each size, print a table and the plans at the largest."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="postings")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    os.environ["KRAK_SANDBOX"] = "1"
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 - Django is ready only now

    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_catalogue", verbosity=0)
    found: list[dict[str, object]] = []
    postings.make_customers()
    for size in arguments.sizes:
        _fill(size)
        before = _postings()
        rates = postings.measure(seconds=arguments.seconds, rounds=arguments.rounds)
        found.append({"postings": before, "postings_after": _postings(), **rates})
        print(json.dumps(found[-1]), flush=True)
    plans = dict(_plans())
    for title, plan in plans.items():
        print(f"\n{title}\n{plan}")
    RESULTS.write_text(json.dumps({"sizes": found, "plans": plans}, indent=2) + "\n")


def _fill(size: int) -> None:
    """Have so many postings, and customers for them; what was measured before is dropped."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute("SET statement_timeout = 0")
        database.execute("SET session_replication_role = replica")
        database.execute("TRUNCATE ledger_posting, ledger_journalentry CASCADE")
        database.execute(SQL.encode())
        missing = (size - _postings()) // POSTINGS_PER_CUSTOMER
        while missing > 0:
            database.execute("SELECT bench_fill(%s)", [min(missing, AT_ONCE)])
            missing -= AT_ONCE
        database.execute("VACUUM ANALYZE")


def _postings() -> int:
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        row = database.execute("SELECT count(*) FROM ledger_posting").fetchone()
    return int(row[0]) if row else 0


def _plans() -> Sequence[tuple[str, str]]:
    """Return how Postgres finds what the hot paths ask for."""
    plans = []
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        # Which index serves a query, however few rows this table happens to have.
        database.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        for title, query in QUERIES.items():
            values = "gen_random_uuid(), gen_random_uuid()"[: 49 if "$2" in query else 17]
            takes = "(uuid, uuid)" if "$2" in query else "(uuid)"
            if "$1" not in query:
                takes, values = "", ""
            database.execute(f"PREPARE q{takes} AS {query}".encode())
            asked = f"EXPLAIN (COSTS off) EXECUTE q{f'({values})' if values else ''}"
            lines = database.execute(asked.encode()).fetchall()
            plans.append((title, "\n".join(line for (line,) in lines)))
            database.execute("DEALLOCATE q")
    return plans


if __name__ == "__main__":
    main()
