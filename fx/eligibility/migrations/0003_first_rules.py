"""Who may buy tokenized securities, as a fresh installation says it."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import migrations

from fx.assets.rules import AssetClass
from fx.eligibility.rules import FIRST_RULES


def add(apps: Any, _editor: Any) -> None:
    table = apps.get_model("eligibility", "EligibilityRule")
    table.objects.bulk_create(
        table(
            asset_class=AssetClass.SECURITY.value,
            country=country,
            verdict=verdict.value,
            effective_at=datetime(2026, 1, 1, tzinfo=UTC),
            reason="xStocks: who may hold",
        )
        for verdict, countries in FIRST_RULES.items()
        for country in countries.split()
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("eligibility", "0002_append_only")]
    # Going back drops the table, and the rules with it.
    operations: ClassVar = [migrations.RunPython(add, migrations.RunPython.noop)]
