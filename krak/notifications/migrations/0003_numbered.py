"""The database numbers each notice."""

from pathlib import Path

from django.db import migrations, models

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_sequence")]

    operations = [
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.UniqueConstraint(
                fields=("customer", "sequence"), name="a_number_is_of_one_notice"
            ),
        ),
        run_sql(SQL, "feed"),
    ]
