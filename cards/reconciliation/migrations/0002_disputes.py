"""Disputes are compared, too."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reconciliation", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="run",
            name="disputes",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="seen at Stripe"),
        )
    ]
