"""What the networks ask that tokenized shares brought along."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import migrations

from krak.core.ids import uuid7

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
RAILS = ("mantle", "ink", "hyperevm", "xlayer")


def add(apps: Any, _editor: Any) -> None:
    terms = apps.get_model("funding", "RailTerms")
    terms.objects.bulk_create(
        terms(
            id=uuid7(), rail=rail, currency="", unit="USD", fee=Decimal("0.05"),
            minimum_withdrawal=Decimal(1), minimum_deposit=Decimal(1), effective_at=BEGINNING,
        )
        for rail in RAILS
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies: ClassVar = [("funding", "0003_first_terms")]
    # Going back leaves the rows; the steps before drop their table.
    operations: ClassVar = [migrations.RunPython(add, migrations.RunPython.noop)]
