"""What conversions cost in a fresh installation. Source: xstocks.md, Fees."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import migrations

START = datetime(2026, 1, 1, tzinfo=UTC)


def add(apps: Any, _editor: Any) -> None:
    apps.get_model("quotes", "FeeSchedule").objects.create(
        effective_at=START, fee_bps=100, minimum_fee_usd=Decimal(0), free_with=["USD", "USDG"]
    )
    apps.get_model("quotes", "QuotePolicy").objects.create(
        effective_at=START,
        valid_seconds=10,
        minimum_usd=Decimal(1),
        maximum_usd=Decimal(50_000),
        daily_maximum_usd=Decimal(250_000),
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("quotes", "0002_guards")]
    # Going back drops the tables, and the rows with them.
    operations: ClassVar = [migrations.RunPython(add, migrations.RunPython.noop)]
