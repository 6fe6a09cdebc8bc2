"""Nobody asks by what is in JSON: sorting it for the planner was most of what an ANALYZE took."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0004_snapshot_at")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE authorizations_decision
                    ALTER COLUMN request SET STATISTICS 0,
                    ALTER COLUMN inputs SET STATISTICS 0,
                    ALTER COLUMN sales SET STATISTICS 0,
                    ALTER COLUMN answer SET STATISTICS 0;
            """,
            reverse_sql="""
                ALTER TABLE authorizations_decision
                    ALTER COLUMN request SET STATISTICS -1,
                    ALTER COLUMN inputs SET STATISTICS -1,
                    ALTER COLUMN sales SET STATISTICS -1,
                    ALTER COLUMN answer SET STATISTICS -1;
            """,
        )
    ]
