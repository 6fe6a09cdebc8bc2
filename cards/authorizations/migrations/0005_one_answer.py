"""Functions that know what an increment may still hold, and that answer a request once."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


def _texts(*names: str) -> list[tuple[str, None]]:
    # The pair with None keeps `%` literal and each file in one piece.
    return [((SQL / f"{name}.sql").read_text(), None) for name in names]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0004_by_stripe")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=_texts("snapshot_3", "settle_2"),
            reverse_sql=[
                *_texts("snapshot_2", "settle_1"),
                ("DROP FUNCTION authorizations_lock_request(text, int)", None),
            ],
        )
    ]
