"""What the ledger's tables refuse, the function that posts, and the proof of the books."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0001_initial"), ("customers", "0001_initial")]
    operations: ClassVar = [run_sql(SQL, "guards", "post", "proof_1")]
