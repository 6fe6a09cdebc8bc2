"""All sales of a decision are appended to the journal in one go."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("authorizations", "0006_fewer_checks"),
        ("ledger", "0006_append"),
        ("lots", "0004_take_each"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[((SQL / "settle_3.sql").read_text(), None)],
            reverse_sql=[((SQL / "settle_2.sql").read_text(), None)],
        )
    ]
