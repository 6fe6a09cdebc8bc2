"""The database lets what names people be emptied, and nothing else."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("funding", "0003_first_terms")]
    operations: ClassVar = [run_sql(SQL, "forgetting")]
