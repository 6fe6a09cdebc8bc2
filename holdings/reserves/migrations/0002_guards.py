from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies = [("reserves", "0001_initial"), ("ledger", "0002_sql")]
    operations = [run_sql(Path(__file__).parent.parent / "sql", "guards")]
