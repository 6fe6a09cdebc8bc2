"""What hedging's tables refuse, and the proof of positions."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("hedging", "0001_initial"),
        ("ledger", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(__file__, "guards")]
