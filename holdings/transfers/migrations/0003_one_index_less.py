"""Another index begins with the customer, too."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_moves"),
        ("transfers", "0002_guards"),
    ]

    operations = [
        migrations.AlterField(
            model_name="transfer",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                help_text="who sent it",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.customer",
            ),
        ),
    ]
