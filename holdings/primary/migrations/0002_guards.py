"""What the tables of the primary market refuse, and whose changes of them are written down."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("primary", "0001_initial"),
        ("ledger", "0002_sql"),
        ("audit", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(__file__, "guards")]
