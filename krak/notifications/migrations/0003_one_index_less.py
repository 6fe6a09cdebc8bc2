"""Another index begins with the customer, too."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_moves"),
        ("notifications", "0002_sql"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="customer",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="customers.customer"
            ),
        ),
    ]
