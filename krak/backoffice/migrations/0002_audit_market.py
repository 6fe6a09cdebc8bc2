from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("backoffice", "0001_audit"),
        ("venues", "0003_shipped_calendar"),
        ("hedging", "0003_first_limits"),
    ]
    operations = [run_sql(Path(__file__).parent.parent / "sql", "audit_market")]
