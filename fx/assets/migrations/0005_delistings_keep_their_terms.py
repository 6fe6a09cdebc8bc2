from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies = [("assets", "0004_delisting"), ("audit", "0002_record")]
    operations = [run_sql(Path(__file__).parent.parent / "sql", "delisting")]
