"""Nobody asks by what is in JSON: sorting it for the planner was most of what an ANALYZE took."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0003_release")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE ledger_journalentry ALTER COLUMN details SET STATISTICS 0;
            """,
            reverse_sql="""
                ALTER TABLE ledger_journalentry ALTER COLUMN details SET STATISTICS -1;
            """,
        )
    ]
