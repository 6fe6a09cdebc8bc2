from pathlib import Path

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("audit", "0002_record"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("customers", "0001_initial"),
        ("cases", "0001_initial"),
        ("assets", "0001_initial"),
        ("issuing", "0001_initial"),
        ("treasury", "0001_initial"),
    ]
    operations = [run_sql(Path(__file__).parent.parent / "sql", "audit")]
