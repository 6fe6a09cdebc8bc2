"""Multipliers are only ever added to; a delisting keeps its terms."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    # As it was called before there was one first migration per app.
    replaces: ClassVar = [("assets", "0005_delistings_keep_their_terms")]
    dependencies: ClassVar = [
        ("assets", "0001_initial"),
        ("audit", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(__file__, "guards")]
