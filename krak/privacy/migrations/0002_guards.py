"""What erasures refuse."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("privacy", "0001_initial")]
    operations: ClassVar = [run_sql(SQL, "guards")]
