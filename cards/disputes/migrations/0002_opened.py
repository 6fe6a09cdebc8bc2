"""What a dispute may be about."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    # As it was called before there was one first migration per app.
    replaces: ClassVar = [("disputes", "0003_opened")]
    dependencies: ClassVar = [
        ("disputes", "0001_initial"),
        ("clearing", "0001_initial"),
    ]
    operations: ClassVar = [run_sql(__file__, "opened")]
