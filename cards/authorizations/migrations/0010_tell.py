"""A decision promises in the same round trip that its customer is told."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("authorizations", "0009_whose_snapshot"),
        ("outbox", "0002_running_until"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[((SQL / "settle_4.sql").read_text(), None)],
            reverse_sql=[((SQL / "settle_3.sql").read_text(), None)],
        )
    ]
