"""Who cards are issued to gets a row of its own; what was kept on each card moves there."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
from django.db import migrations, models

import krak.core.ids

MOVE = """
INSERT INTO issuing_cardholder
       (id, customer_id, stripe_id, first_name, last_name, phone_number, address, requirements)
SELECT DISTINCT ON (customer_id)
       gen_random_uuid(), customer_id, cardholder_stripe_id, '', '', '', '{}', '{}'
  FROM issuing_card ORDER BY customer_id, created_at DESC;
UPDATE issuing_card k SET cardholder_id = h.id
  FROM issuing_cardholder h WHERE h.customer_id = k.customer_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
MOVE_BACK = """
UPDATE issuing_card k SET cardholder_stripe_id = h.stripe_id
  FROM issuing_cardholder h WHERE h.id = k.cardholder_id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
        ("issuing", "0002_first_policy"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cardholder",
            fields=[
                ("revision", models.PositiveIntegerField(db_default=0, default=0)),
                ("told_revision", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "told_at",
                    models.DateTimeField(help_text="when Stripe last took what we want", null=True),
                ),
                (
                    "asked_at",
                    models.DateTimeField(
                        help_text="when Stripe was first asked to make it", null=True
                    ),
                ),
                (
                    "talking_until",
                    models.DateTimeField(help_text="a job speaks to Stripe about it", null=True),
                ),
                (
                    "refusal",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="Stripe's last no"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=krak.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("stripe_id", models.CharField(blank=True, default="", max_length=64)),
                ("first_name", models.CharField(max_length=60)),
                ("last_name", models.CharField(max_length=60)),
                ("phone_number", models.CharField(blank=True, help_text="E.164", max_length=20)),
                (
                    "address",
                    models.JSONField(help_text="line1, line2, city, state, postal_code, country"),
                ),
                ("terms_accepted_at", models.DateTimeField(null=True)),
                ("terms_accepted_ip", models.GenericIPAddressField(null=True)),
                (
                    "requirements",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        default=list,
                        help_text="what Stripe still wants to know",
                        size=None,
                    ),
                ),
                (
                    "said_at",
                    models.DateTimeField(help_text="newest event of Stripe's applied", null=True),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.contrib.postgres.functions.TransactionNow(),
                        editable=False,
                    ),
                ),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cardholder",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stripe_id", ""), _negated=True),
                        fields=("stripe_id",),
                        name="a_stripe_cardholder_is_one_customer",
                    )
                ],
            },
        ),
        migrations.AlterField(
            "card", "cardholder_stripe_id", models.CharField(default="", max_length=64)
        ),
        migrations.AddField(
            "card",
            "cardholder",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cards",
                to="issuing.cardholder",
            ),
        ),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.AlterField(
            "card",
            "cardholder",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cards",
                to="issuing.cardholder",
            ),
        ),
        migrations.RemoveField("card", "cardholder_stripe_id"),
    ]
