"""Notices are numbered per customer; those there are get numbers in their order."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0005_first_rules"),
        ("notifications", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Feed",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                ("last", models.BigIntegerField(help_text="number of the newest notice")),
            ],
        ),
        migrations.AddField(
            model_name="notification",
            name="sequence",
            field=models.BigIntegerField(
                db_default=0, editable=False, help_text="1, 2, 3, … of one customer"
            ),
        ),
        migrations.RunSQL(
            sql="""
                UPDATE notifications_notification n SET sequence = numbered.number
                  FROM (SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY id) AS number
                          FROM notifications_notification) numbered
                 WHERE n.id = numbered.id;
                INSERT INTO notifications_feed (customer_id, last)
                SELECT customer_id, max(sequence) FROM notifications_notification GROUP BY 1;
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
