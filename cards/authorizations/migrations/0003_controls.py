"""The snapshot of a decision learns what the owner of a card allows it."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("authorizations", "0002_sql"),
        ("issuing", "0004_the_life_of_a_card"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[((SQL / "snapshot_2.sql").read_text(), None)],
            reverse_sql=[
                ((SQL / "snapshot_1.sql").read_text(), None),
                ("DROP FUNCTION authorizations_spent(uuid, uuid, text, timestamptz)", None),
            ],
        )
    ]
