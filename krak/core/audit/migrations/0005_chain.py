from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_link")]
    operations = [run_sql(Path(__file__).parent.parent / "sql", "chain", "proof_1")]
