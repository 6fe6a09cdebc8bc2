"""Candles. The table has no model: Django does not partition, and nothing but SQL touches it."""

from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [run_sql(Path(__file__).parent.parent / "sql", "candles")]
