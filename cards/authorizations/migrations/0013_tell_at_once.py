"""A decision is in its customer's inbox as soon as it is made."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("authorizations", "0012_beside_the_rows"),
        ("notifications", "0007_tell"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[((SQL / f"{name}.sql").read_text(), None) for name in ("snapshot_6", "settle_5")],
            reverse_sql=[
                ((SQL / f"{name}.sql").read_text(), None) for name in ("settle_4", "snapshot_5")
            ],
        )
    ]
