"""A reversal names its refund. Nothing here holds up who writes meanwhile."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

ONCE = "a_refund_is_taken_back_once"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("clearing", "0003_won_back"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="cardtransaction",
            options={
                "permissions": (
                    ("propose_reversal", "Can propose to undo a refund that the network took back"),
                    ("approve_reversal", "Can approve undoing a refund"),
                )
            },
        ),
        migrations.AddField(
            model_name="cardtransaction",
            name="reverses",
            field=models.ForeignKey(
                db_index=False,
                help_text="refund taken back",
                null=True,
                on_delete=models.PROTECT,
                to="clearing.cardtransaction",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {ONCE} ON clearing_cardtransaction"
                    " (customer_id, reverses_id) WHERE reverses_id IS NOT NULL",
                    f"DROP INDEX CONCURRENTLY {ONCE}",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="cardtransaction",
                    constraint=models.UniqueConstraint(
                        condition=Q(reverses__isnull=False),
                        fields=["customer", "reverses"],
                        name=ONCE,
                    ),
                )
            ],
        ),
        AddConstraintNotValid(
            model_name="cardtransaction",
            constraint=models.CheckConstraint(
                condition=Q(kind="REFUND_REVERSAL", reverses__isnull=False)
                | (~Q(kind="REFUND_REVERSAL") & Q(reverses__isnull=True)),
                name="what_is_taken_back_is_a_refund",
            ),
        ),
        ValidateConstraint(model_name="cardtransaction", name="what_is_taken_back_is_a_refund"),
    ]
