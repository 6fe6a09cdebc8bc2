"""Lots are taken one by one."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("lots", "0003_move")]
    operations: ClassVar = [run_sql(SQL, "take_each")]
