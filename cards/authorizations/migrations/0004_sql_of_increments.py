"""Functions that know what an increment may still hold, and that answer a request once."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0003_by_stripe")]
    # The files replace what there is. Going back leaves the newer functions: they do all that the
    # older ones did, and 0002 drops them.
    operations: ClassVar = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(), None)], migrations.RunSQL.noop)
        for name in ("snapshot", "settle")
    ]
