"""A tap knows its owner's home currency; limits count what was spent in the card's."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("authorizations", "0013_tell_at_once"),
        ("lots", "0007_receive_and_spend"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[((SQL / f"{name}.sql").read_text(), None) for name in ("snapshot", "settle")],
            reverse_sql=[
                ((SQL / f"{name}.sql").read_text(), None) for name in ("settle_5", "snapshot_6")
            ],
        )
    ]
