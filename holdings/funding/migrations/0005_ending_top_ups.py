"""Top-ups that nobody paid are ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0005_first_rules"),
        ("funding", "0004_forgetting"),
        ("ledger", "0006_append"),
    ]

    operations = [
        migrations.AddField(
            model_name="topup",
            name="ending_at",
            field=models.DateTimeField(
                help_text="nobody paid: Stripe is told to end it", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="deposit",
            index=models.Index(
                condition=models.Q(("kind__in", ["CARD", "BANK_DEBIT"]), ("state", "PENDING")),
                fields=["created_at"],
                name="top_ups_that_may_run_out",
            ),
        ),
    ]
