"""That somebody asked for a card's secrets is never forgotten."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("issuing", "0004_the_life_of_a_card"),
        ("ledger", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(SQL, "secret_accesses")]
