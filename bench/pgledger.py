"""`python -m bench.pgledger FOLDER`: transfers of two legs per second, beside pgledger's.

pgledger is a double-entry ledger of functions in Postgres, as Krak's is. It is no package, so
`FOLDER` is a checkout of it (github.com/pgr0ss/pgledger); it gets a database of its own on the same
server. Both move an amount from one of 400 accounts that may not be overdrawn, by random, called by
`pgbench` with 8 clients; rounds alternate, because a shared machine drifts.

    krak             `ledger_post` to an account of the house, as in `bench/postings.py`
    pgledger         `pgledger_create_transfer` to one account of the house, as a product has it
    pgledger_apart   the same, each to an account of its own: no row that all of them wait for

pgledger counts the versions of an account; it does not refuse a cause that comes twice or a change
of what is posted, and chains nothing. `ratio` is `krak` to `pgledger`, `ratio_apart` to
`pgledger_apart`. Prints JSON.
"""

import argparse
import json
import os
import statistics
from pathlib import Path

import django
import psycopg
from django.core.management import call_command

from bench import pgbench, postings

SOURCES = (
    "vendor/scoville-pgsql-ulid/ulid-to-uuid.sql",
    "vendor/scoville-pgsql-ulid/uuid-to-ulid.sql",
    "pgledger.sql",
)
ACCOUNTS = """
CREATE TABLE bench_account (n int PRIMARY KEY, id text, apart text);
INSERT INTO bench_account
SELECT 0, (pgledger_create_account('house', 'BTC')).id;
INSERT INTO bench_account
SELECT n, (pgledger_create_account('customer ' || n, 'BTC', false)).id,
       (pgledger_create_account('apart ' || n, 'BTC')).id
  FROM generate_series(1, {accounts}) n;
SELECT pgledger_create_transfer(h.id, c.id, 1000000)
  FROM bench_account h, bench_account c WHERE h.n = 0 AND c.n > 0;
"""
TRANSFER = (
    "SELECT pgledger_create_transfer(c.id, {to}, 0.0004)"
    " FROM bench_account c, bench_account h WHERE c.n = :n AND h.n = 0;"
)
STATEMENTS = {
    "pgledger": TRANSFER.format(to="h.id"),
    "pgledger_apart": TRANSFER.format(to="c.apart"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.pgledger", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    found = measure(asked.folder, seconds=asked.seconds, rounds=asked.rounds, clients=asked.clients)
    print(json.dumps(found, indent=2))


def measure(folder: Path, *, seconds: int, rounds: int, clients: int = 8) -> dict[str, object]:
    """Return transfers per second of both, medians of the rounds, with their spread."""
    url = pgbench.empty_database("krak_pgledger")
    with psycopg.connect(url) as database:
        for source in SOURCES:
            database.execute((folder / source).read_bytes())
        database.execute(ACCOUNTS.format(accounts=postings.CUSTOMERS).encode())
    postings.make_customers()
    rates: dict[str, list[float]] = {"krak": [], **{name: [] for name in STATEMENTS}}
    for _ in range(rounds):
        rates["krak"].append(postings.two_legs_per_second(clients=clients, seconds=seconds))
        for name, statement in STATEMENTS.items():
            rates[name].append(
                pgbench.per_second(
                    statement, url, rows=postings.CUSTOMERS, clients=clients, seconds=seconds
                )
            )
    return {
        **{name: round(statistics.median(found)) for name, found in rates.items()},
        "ratio": pgbench.ratio(rates["krak"], rates["pgledger"]),
        "ratio_apart": pgbench.ratio(rates["krak"], rates["pgledger_apart"]),
        "spread": {name: [round(min(found)), round(max(found))] for name, found in rates.items()},
        "rounds": rounds,
        "clients": clients,
    }


if __name__ == "__main__":
    main()
