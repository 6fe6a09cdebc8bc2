from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("schedule", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="run",
            name="bookmark",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="how far a job that is done in pieces has come",
                max_length=80,
            ),
        )
    ]
