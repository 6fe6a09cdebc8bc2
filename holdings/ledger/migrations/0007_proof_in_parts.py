"""The books are proved in parts, from customer to customer."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0006_append")]
    operations: ClassVar = [run_sql(SQL, "proof")]
