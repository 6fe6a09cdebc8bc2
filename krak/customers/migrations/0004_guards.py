"""Verifications go forward only; terms, acceptances and rules are not changed."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("customers", "0003_onboarding")]
    operations: ClassVar = [run_sql(SQL, "guards")]
