"""How the network says that the newest request was answered, and why."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("authorizations", "0014_home_currency")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="authorization",
            name="network_approved",
            field=models.BooleanField(
                help_text="whether the newest of these was approved, by whomever", null=True
            ),
        ),
        migrations.AddField(
            model_name="authorization",
            name="network_reason",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="why, in Stripe's words",
                max_length=40,
            ),
        ),
    ]
