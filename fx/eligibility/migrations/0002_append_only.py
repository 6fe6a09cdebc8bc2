"""Rules and checks are only ever added to."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("eligibility", "0001_initial"), ("audit", "0002_record")]
    operations: ClassVar = [run_sql(SQL, "append_only")]
