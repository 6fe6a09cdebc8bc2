"""What left a lot and stayed its owner's is marked: it is no sale."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q

from krak.core.sql import run_sql

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("lots", "0004_take_each")]
    operations: ClassVar = [
        migrations.AddField(
            "disposal",
            "is_move",
            models.BooleanField(
                db_default=False, default=False, help_text="moved elsewhere at cost, not sold"
            ),
        ),
        migrations.AddConstraint(
            "disposal",
            models.CheckConstraint(
                condition=Q(is_move=False) | Q(proceeds=F("cost_basis")),
                name="nothing_is_gained_by_a_move",
            ),
        ),
        run_sql(SQL, "mark_moves"),
    ]
