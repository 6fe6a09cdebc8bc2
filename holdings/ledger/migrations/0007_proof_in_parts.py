"""The books are proved in parts, from customer to customer."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
FORTH = "DROP FUNCTION ledger_breaks(uuid);"
BACK = "DROP FUNCTION ledger_breaks(uuid, uuid);"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0006_append")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[(FORTH + (SQL / "proof_2.sql").read_text(), None)],
            reverse_sql=[(BACK + (SQL / "proof_1.sql").read_text(), None)],
        )
    ]
