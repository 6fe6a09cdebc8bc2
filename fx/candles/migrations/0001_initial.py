"""Candles. The table has no model: Django does not partition, and nothing but SQL touches it."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [run_sql(__file__, "candles")]
