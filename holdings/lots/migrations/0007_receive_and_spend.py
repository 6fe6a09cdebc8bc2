"""What is credited and debited comes in lots and leaves them, whoever moves it, by one rule."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("lots", "0006_disposals_by_lot")]
    operations: ClassVar = [run_sql(SQL, "receive_and_spend", "proof")]
