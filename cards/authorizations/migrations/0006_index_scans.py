"""A tap reads by indexes, whatever a table was like when its statements were planned.

What is planned is kept with the connection: planned while a table was small it reads all of it for
each tap, until statistics say that it has grown.
"""

from typing import ClassVar, Final

from django.db import migrations

FUNCTIONS: Final = (
    "authorizations_snapshot(uuid, text, text, int, timestamptz, timestamptz)",
    "authorizations_settle(uuid, bigint, timestamptz, jsonb)",
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0005_statistics")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=f"ALTER FUNCTION {each} SET enable_seqscan = off",
            reverse_sql=f"ALTER FUNCTION {each} RESET enable_seqscan",
        )
        for each in FUNCTIONS
    ]
