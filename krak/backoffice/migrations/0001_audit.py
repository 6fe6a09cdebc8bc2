"""Whose changes are recorded."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar = [
        ("audit", "0002_sql"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("customers", "0001_initial"),
        ("cases", "0001_initial"),
        ("assets", "0001_initial"),
        ("issuing", "0002_first_policy"),
        ("treasury", "0001_initial"),
        ("venues", "0003_shipped_calendar"),
        ("hedging", "0003_first_limits"),
    ]
    operations: ClassVar = [run_sql(__file__, "audit")]
