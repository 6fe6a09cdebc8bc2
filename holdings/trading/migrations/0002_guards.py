"""What the tables of trading refuse."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("trading", "0001_initial"),
        ("ledger", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(__file__, "guards")]
