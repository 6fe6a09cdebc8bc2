"""A notice that is kept where what it tells of happens."""

from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0006_preferences_of_kinds"),
        ("outbox", "0002_running_until"),
    ]

    operations = [run_sql(SQL, "tell")]
