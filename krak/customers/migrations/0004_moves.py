from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_first_rules")]

    operations = [
        migrations.AlterModelOptions(
            name="customer",
            options={
                "permissions": (
                    ("freeze_customer", "Can freeze and unfreeze a customer"),
                    ("move_customer", "Can note that a customer lives in another country"),
                )
            },
        ),
    ]
