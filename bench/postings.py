"""`python -m bench.postings`: entries of five legs through `ledger_post`, by pgbench.

Beside it the rate of the house's roll-up, which has to keep pace.
"""

import argparse
import os
import re
import subprocess
import tempfile
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import django

CUSTOMERS = 400
# A sale as a decision posts it: units to the inventory, cash from it, the spread.
POST = """
CREATE OR REPLACE FUNCTION bench_post(n int) RETURNS bigint LANGUAGE sql AS $$
    SELECT ledger_post(jsonb_build_object(
        'customer', b.customer, 'id', uuidv7(), 'cause', 'bench:' || gen_random_uuid(),
        'kind', 'BENCH', 'event_at', now(), 'created_at', now(), 'details', '{}'::jsonb,
        'legs', jsonb_build_array(
            jsonb_build_object('side', 'DEBIT', 'currency', 'BTC', 'amount', '0.0004', 'account', b.btc),
            jsonb_build_object('side', 'CREDIT', 'currency', 'BTC', 'amount', '0.0004', 'house', 'INVENTORY'),
            jsonb_build_object('side', 'DEBIT', 'currency', 'USD', 'amount', '20.01', 'house', 'INVENTORY'),
            jsonb_build_object('side', 'CREDIT', 'currency', 'USD', 'amount', '20', 'account', b.usd),
            jsonb_build_object('side', 'CREDIT', 'currency', 'USD', 'amount', '0.01', 'house', 'SPREAD'))))
      FROM bench_customer b WHERE b.n = $1
$$
"""


def main() -> None:
    """Make customers, post for so many seconds, print the rates of each round."""
    parser = argparse.ArgumentParser(prog="python -m bench.postings", description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    _make_customers()
    for number in range(1, arguments.rounds + 1):
        rate = _posted_per_second(clients=arguments.clients, seconds=arguments.seconds)
        print(f"round {number}: {rate:.0f} entries of five legs per second", flush=True)


def _make_customers() -> None:
    from django.db import connection  # noqa: PLC0415 - Django is ready only now

    from holdings.ledger import services as ledger  # noqa: PLC0415
    from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg  # noqa: PLC0415
    from krak.core import clock  # noqa: PLC0415
    from krak.core.ids import uuid7  # noqa: PLC0415
    from krak.core.transactions import transaction  # noqa: PLC0415
    from krak.customers import services as customers  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_customer")
        cursor.execute(
            "CREATE TABLE bench_customer (n int PRIMARY KEY, customer uuid, usd uuid, btc uuid)"
        )
        cursor.execute(POST)
    now = clock.now()
    for n in range(CUSTOMERS):
        with transaction():
            customer = customers.register(
                email=f"{uuid7()}@bench.krak.example", name="B", country="US", home_currency="USD"
            )
            ledger.open_book(customer_id=customer.id)
            usd, btc = (
                ledger.account_of(customer_id=customer.id, currency=code).id
                for code in ("USD", "BTC")
            )
            ledger.post(
                Entry(
                    id=uuid7(), customer_id=customer.id, cause="bench", kind="DEPOSIT",
                    event_at=now, created_at=now, details={},
                    legs=(
                        Leg(CREDIT, "BTC", Decimal(10**6), account=btc),
                        Leg(DEBIT, "BTC", Decimal(10**6), house="CUSTODY"),
                    ),
                )
            )  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO bench_customer VALUES (%s, %s, %s, %s)",
                    [n + 1, customer.id, usd, btc],
                )


def _posted_per_second(*, clients: int, seconds: int) -> float:
    from bench.tpcb import pgbench  # noqa: PLC0415

    url = urlsplit(os.environ["DATABASE_URL"])
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.sql"
        script.write_text(f"\\set n random(1, {CUSTOMERS})\nSELECT bench_post(:n);\n")
        done = subprocess.run(
            [
                pgbench() or "pgbench", "-n", "-f", str(script), "-c", str(clients), "-j", "2",
                "-M", "prepared", "-T", str(seconds), "-h", url.hostname or "",
                "-p", str(url.port), "-U", url.username or "", url.path.removeprefix("/"),
            ],
            env={**os.environ, "PGPASSWORD": url.password or ""},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found.group(1))


if __name__ == "__main__":
    main()
