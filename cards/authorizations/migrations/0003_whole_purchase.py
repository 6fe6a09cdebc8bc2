"""The limit of a purchase counts all of it, also what was approved before this month."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0002_sql")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[((SQL / "spent.sql").read_text(), None)],
            reverse_sql=[((SQL / "spent_1.sql").read_text(), None)],
        )
    ]
