"""Where used codes are noted."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("identity", "0001_initial")]
    operations: ClassVar = [run_sql(__file__, "spent_codes")]
