import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_redact")]
    operations = [
        migrations.AddField(
            model_name="rowchange",
            name="proofs",
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("previous_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
                (
                    "change",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, to="audit.rowchange"
                    ),
                ),
            ],
        ),
    ]
