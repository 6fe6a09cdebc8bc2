from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
BACK = """
DROP FUNCTION audit_strays();
DROP FUNCTION audit_breaks(bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_chain")]
    operations = [
        migrations.RunSQL(
            sql=[((SQL / "proof.sql").read_text(), None)],
            reverse_sql=[(BACK + (SQL / "proof_1.sql").read_text(), None)],
        )
    ]
