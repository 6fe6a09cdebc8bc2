"""What releases holds of many customers in one call."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0002_sql")]
    operations: ClassVar = [run_sql(__file__, "release")]
