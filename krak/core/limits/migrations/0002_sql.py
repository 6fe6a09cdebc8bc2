"""The count that is exact without Valkey."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("limits", "0001_initial")]
    operations: ClassVar = [run_sql(__file__, "take")]
