"""`python -m bench.postings`: entries of five legs through `ledger_post`, by pgbench.

With and without the queue of the house's roll-up in turn, because a shared machine drifts; then
the rate of the roll-up itself, which has to keep pace. Needs a migrated database of its own.
"""

import argparse
import os
import statistics
import time
from decimal import Decimal

import django

from bench import pgbench

CUSTOMERS = 400
# A sale as a decision posts it: units to the inventory, cash from it, the spread.
POST = """
CREATE OR REPLACE FUNCTION bench_leg(
    side text, currency text, amount text, whose text, which text
) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('side', side, 'currency', currency, 'amount', amount, whose, which)
$$;
CREATE OR REPLACE FUNCTION bench_transfer(n int, number int) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'customer', b.customer, 'id', uuidv7(), 'cause', 'bench:' || gen_random_uuid(),
        'kind', 'BENCH', 'event_at', now(), 'created_at', now(), 'details', '{}'::jsonb,
        'legs', jsonb_build_array(
            bench_leg('DEBIT', 'BTC', '0.0004', 'account', b.btc::text),
            bench_leg('CREDIT', 'BTC', '0.0004', 'house', 'IN_TRANSIT')))
      FROM bench_customer b WHERE b.n = $1
$$;
CREATE OR REPLACE FUNCTION bench_batch(n int) RETURNS bigint LANGUAGE sql AS $$
    SELECT ledger_append(b.customer, (SELECT jsonb_agg(bench_transfer($1, number))
                                        FROM generate_series(1, 50) number))
      FROM bench_customer b WHERE b.n = $1
$$;
CREATE OR REPLACE FUNCTION bench_post(n int) RETURNS bigint LANGUAGE sql AS $$
    SELECT ledger_post(jsonb_build_object(
        'customer', b.customer, 'id', uuidv7(), 'cause', 'bench:' || gen_random_uuid(),
        'kind', 'BENCH', 'event_at', now(), 'created_at', now(), 'details', '{}'::jsonb,
        'legs', jsonb_build_array(
            bench_leg('DEBIT', 'BTC', '0.0004', 'account', b.btc::text),
            bench_leg('CREDIT', 'BTC', '0.0004', 'house', 'INVENTORY'),
            bench_leg('DEBIT', 'USD', '20.01', 'house', 'INVENTORY'),
            bench_leg('CREDIT', 'USD', '20', 'account', b.usd::text),
            bench_leg('CREDIT', 'USD', '0.01', 'house', 'SPREAD'))))
      FROM bench_customer b WHERE b.n = $1
$$
"""


BATCH = 50
SCRIPTS = {
    "five_legs": "SELECT bench_post(:n);",
    "two_legs": "SELECT ledger_post(bench_transfer(:n, 1));",
    "batches": "SELECT bench_batch(:n);",
}


def main() -> None:
    """Make customers, post for so many seconds a time, print the rates."""
    parser = argparse.ArgumentParser(prog="python -m bench.postings", description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    print(measure(seconds=arguments.seconds, rounds=arguments.rounds, clients=arguments.clients))
    rates: dict[str, list[float]] = {"DISABLE": [], "ENABLE": []}
    for number in range(arguments.rounds):
        for state in sorted(rates, reverse=bool(number % 2)):
            _queue(state)
            rates[state].append(
                _per_second(
                    SCRIPTS["five_legs"], clients=arguments.clients, seconds=arguments.seconds
                )
            )
    _queue("ENABLE")
    without, with_queue = (statistics.median(rates[state]) for state in ("DISABLE", "ENABLE"))
    ratio = statistics.median(
        on / off for on, off in zip(rates["ENABLE"], rates["DISABLE"], strict=True)
    )
    print(f"entries of five legs per second: {with_queue:.0f}, without the queue {without:.0f}")
    print(f"median of the pairs' ratios: {ratio:.3f}")
    print(f"entries rolled up per second: {_rolled_up_per_second():.0f}")


def measure(*, seconds: int, rounds: int, clients: int = 8) -> dict[str, object]:
    """Return entries of five legs and of two per second beside TPC-B, singly and in batches."""
    from bench import tpcb  # noqa: PLC0415

    make_customers()
    rates: dict[str, list[float]] = {"five_legs": [], "two_legs": [], "batches": [], "tpcb": []}
    for _ in range(rounds):
        for name, script in SCRIPTS.items():
            rates[name].append(_per_second(script, clients=clients, seconds=seconds))
        rates["tpcb"].append(tpcb.measure(clients=clients, seconds=seconds).per_second)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "five_legs_per_second": round(medians["five_legs"]),
        "two_legs_per_second": round(medians["two_legs"]),
        "in_batches_of_50_per_second": round(medians["batches"] * BATCH),
        "ratio_to_tpcb": round(medians["two_legs"] / medians["tpcb"], 3),
        "ratio_of_five_legs": round(medians["five_legs"] / medians["tpcb"], 3),
    }


def two_legs_per_second(*, clients: int, seconds: int) -> float:
    """Return entries of two legs per second, once `make_customers` has made whose."""
    return _per_second(SCRIPTS["two_legs"], clients=clients, seconds=seconds)


def _queue(state: str) -> None:
    from django.db import connection  # noqa: PLC0415 - Django is ready only now

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_posting {state} TRIGGER an_entry_waits_to_be_rolled_up")


def _rolled_up_per_second() -> float:
    from holdings.ledger import services as ledger  # noqa: PLC0415

    began = time.monotonic()
    return ledger.roll_up_house() / (time.monotonic() - began)


def make_customers() -> None:
    """Make the customers that entries are posted to, and the functions that post."""
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


def _per_second(statement: str, *, clients: int, seconds: int) -> float:
    return pgbench.per_second(
        statement, os.environ["DATABASE_URL"], rows=CUSTOMERS, clients=clients, seconds=seconds
    )


if __name__ == "__main__":
    main()
