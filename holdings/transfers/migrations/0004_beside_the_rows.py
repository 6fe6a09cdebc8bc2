"""A guard of split bills that any node of a distributed database can run."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("transfers", "0003_forgetting")]
    operations: ClassVar = [run_sql(SQL, "beside")]
