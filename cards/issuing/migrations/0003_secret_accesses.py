"""That somebody asked for a card's secrets is never forgotten."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    # As it was called before there was one first migration per app.
    replaces: ClassVar = [("issuing", "0005_secret_accesses")]
    dependencies: ClassVar = [
        ("issuing", "0002_first_policy"),
        ("ledger", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(__file__, "secret_accesses")]
