from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies = [("disputes", "0002_what_owners_say"), ("clearing", "0003_won_back")]

    operations = [run_sql(Path(__file__).parents[1] / "sql", "opened")]
