"""Nobody asks by what is in JSON: sorting it for the planner was most of what an ANALYZE took."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("notifications", "0003_one_index_less")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE notifications_notification ALTER COLUMN facts SET STATISTICS 0;
            """,
            reverse_sql="""
                ALTER TABLE notifications_notification ALTER COLUMN facts SET STATISTICS -1;
            """,
        )
    ]
