from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Find an authorization by Stripe's id alone."""

    dependencies: ClassVar = [("authorizations", "0003_controls")]
    operations: ClassVar = [
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["stripe_id"], name="authorizations_by_stripe"),
        )
    ]
