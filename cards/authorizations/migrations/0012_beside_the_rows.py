"""A snapshot that any node of a distributed database can plan."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0011_one_policy_for_all")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[((SQL / "snapshot_5.sql").read_text(), None)],
            reverse_sql=[((SQL / "snapshot_4.sql").read_text(), None)],
        )
    ]
