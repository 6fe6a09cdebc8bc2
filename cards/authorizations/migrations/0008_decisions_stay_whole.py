"""Decisions stay in their row: compressing what each was made from costs more than the room it saves."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0007_settle_at_once")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql="ALTER TABLE authorizations_decision SET (toast_tuple_target = 8160)",
            reverse_sql="ALTER TABLE authorizations_decision RESET (toast_tuple_target)",
        )
    ]
