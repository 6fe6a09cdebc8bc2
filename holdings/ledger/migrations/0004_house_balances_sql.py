"""What fills the balances of the house's accounts and keeps everybody else from them."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0003_house_balances")]
    operations: ClassVar = [run_sql(SQL, "house")]
