from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("venues", "0001_initial"), ("audit", "0002_sql")]
    operations: ClassVar = [run_sql(__file__, "append_only")]
