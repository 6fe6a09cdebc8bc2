"""What was sent stays sent."""

from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_deliveries")]

    operations = [run_sql(SQL, "deliveries")]
