"""The two round trips of a decision."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("authorizations", "0001_initial"),
        ("issuing", "0002_first_policy"),
        ("lots", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(SQL, "snapshot_1", "settle_1", "guards")]
