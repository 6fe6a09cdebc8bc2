"""A top-up that was not sent is promised again."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treasury", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="topup",
            name="promised_at",
            field=models.DateTimeField(help_text="again, because it was not sent", null=True),
        )
    ]
