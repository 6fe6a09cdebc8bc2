"""A crowd to measure with: copies of one customer of the sandbox, as many as wanted, in seconds."""

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from bench.product import Client
from krak.core.ids import read

SQL = (Path(__file__).parent / "crowd.sql").read_text()
HOLDINGS = [
    {"asset": code, "quantity": quantity, "cost_basis": "20"}
    for code, quantity in (
        ("EUR", "25"),
        ("USDC", "25"),
        ("BTC", "0.0003"),
        ("ETH", "0.01"),
        ("AAPLx", "0.08"),
        ("SPYx", "0.035"),
    )
]
"""Six holdings of about 25 dollars each: a tap of 12 sells one of them, of 30 two, of 50 three."""
POLICY = {"daily_limit": "1000000000"}
FILLED = "SELECT relname FROM pg_stat_user_tables WHERE n_live_tup > 0"
"""Not those that are empty still: plans would read them whole, however much comes in."""


def make(url: str, *, many: int) -> list[str]:
    """Make customers with little cash and six holdings; return their cards' Stripe ids."""
    first: dict[str, Any] = Client(url).send(
        "POST",
        "/v1/sandbox/customers",
        {"cash": "2", "holdings": HOLDINGS, "policy": POLICY, "cashback_asset": "BTC"},
    )
    pattern: UUID = read("cus", first["customer"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute("SET statement_timeout = 0")
        # Plans that were made while tables were empty would read them whole for each copy.
        database.execute("SET enable_seqscan = off")
        database.execute(SQL.encode())
        # Lots are found by what is left of them: by entry the whole table would be read.
        database.execute("CREATE TEMP TABLE bench_lot AS SELECT * FROM lots_lot WHERE false")
        database.execute(
            "INSERT INTO bench_lot SELECT * FROM lots_lot WHERE customer_id = %s", [pattern]
        )
        cards = database.execute(
            "SELECT bench_copy(%s) FROM generate_series(1, %s)", [pattern, many]
        ).fetchall()
        for (table,) in database.execute(FILLED).fetchall():
            database.execute(f'ANALYZE "{table}"')
    return [card for (card,) in cards]
