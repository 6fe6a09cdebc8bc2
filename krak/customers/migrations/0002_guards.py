from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    # As it was called before there was one first migration per app.
    replaces: ClassVar = [("customers", "0004_guards")]
    dependencies: ClassVar = [("customers", "0001_initial"), ("audit", "0002_sql")]
    operations: ClassVar = [run_sql(__file__, "guards")]
