"""Several entries in one go, and functions that the planner may inline."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0005_fewer_checks")]
    operations: ClassVar = [run_sql(SQL, "append")]
