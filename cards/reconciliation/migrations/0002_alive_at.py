from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0001_initial")]
    operations = [
        migrations.AddField(
            "run",
            "alive_at",
            models.DateTimeField(null=True, help_text="when it last asked for a page"),
        ),
    ]
