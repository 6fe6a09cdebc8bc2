"""Holders of what is being delisted are reminded, once."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("assets", "0002_guards")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="delisting",
            name="reminded_at",
            field=models.DateTimeField(
                blank=True, help_text="when its holders were told once more", null=True
            ),
        ),
        migrations.RunSQL(
            sql=[((SQL / "delisting.sql").read_text(), None)],
            reverse_sql=[((SQL / "delisting_1.sql").read_text(), None)],
        ),
    ]
