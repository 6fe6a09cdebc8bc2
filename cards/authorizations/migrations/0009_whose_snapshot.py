"""A snapshot is asked for by customer, so that it can run where their rows are."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
FORTH = """
DROP FUNCTION authorizations_locked_snapshot(text, text, int, timestamptz, timestamptz);
DROP FUNCTION authorizations_snapshot(text, text, int, timestamptz, timestamptz);
"""
BACK = """
DROP FUNCTION authorizations_locked_snapshot(uuid, text, text, int, timestamptz, timestamptz);
DROP FUNCTION authorizations_snapshot(uuid, text, text, int, timestamptz, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0008_decisions_stay_whole")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=[(FORTH + (SQL / "snapshot_4.sql").read_text(), None)],
            reverse_sql=[(BACK + (SQL / "snapshot_3.sql").read_text(), None)],
        )
    ]
