"""How units come in lots and leave them, and the proof of that."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("lots", "0001_initial"),
        ("ledger", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(__file__, "take", "move", "receive_and_spend", "proof")]
