"""Triggers and reads of the ledger that any node of a distributed database can run."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


def _texts(*names: str) -> list[tuple[str, None]]:
    return [((SQL / f"{name}.sql").read_text(), None) for name in names]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0007_proof_in_parts")]
    operations: ClassVar = [
        migrations.RunSQL(
            sql=_texts("beside", "proof"), reverse_sql=_texts("beside.undo", "proof_2")
        )
    ]
