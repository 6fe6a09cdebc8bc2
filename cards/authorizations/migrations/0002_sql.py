"""The two round trips of a decision, and what moves a customer's book."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("authorizations", "0001_initial"),
        ("lots", "0002_sql"),
        ("notifications", "0002_sql"),
    ]
    operations: ClassVar = [run_sql(__file__, "storage", "snapshot", "settle", "guards")]
