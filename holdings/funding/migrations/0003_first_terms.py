"""What rails ask in a fresh installation."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import migrations

from krak.core.ids import uuid7

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
# rail: (fee, smallest withdrawal, smallest deposit) in dollars.
TERMS = {
    "bank": ("0", "1", "0"),
    "bitcoin": ("2.50", "10", "5"),
    "litecoin": ("0.10", "5", "1"),
    "dogecoin": ("0.50", "5", "1"),
    "ethereum": ("2", "10", "5"),
    "base": ("0.05", "1", "1"),
    "arbitrum": ("0.05", "1", "1"),
    "optimism": ("0.05", "1", "1"),
    "bnb": ("0.10", "1", "1"),
    "solana": ("0.05", "1", "1"),
    "tron": ("1", "5", "1"),
    "xrp": ("0.05", "1", "1"),
    "stellar": ("0.01", "1", "1"),
}
# What a bank asks is in the money that it sends: (fee, smallest withdrawal).
BANK = {"USD": ("1", "1"), "EUR": ("0", "1"), "GBP": ("0", "1"), "CHF": ("0", "1")}


def add(apps: Any, _editor: Any) -> None:
    terms = apps.get_model("funding", "RailTerms")
    terms.objects.bulk_create(
        terms(
            id=uuid7(), rail=rail, currency="", unit="USD", fee=Decimal(fee),
            minimum_withdrawal=Decimal(least), minimum_deposit=Decimal(least_in),
            effective_at=BEGINNING,
        )
        for rail, (fee, least, least_in) in TERMS.items()
    )  # fmt: skip
    terms.objects.bulk_create(
        terms(
            id=uuid7(), rail="bank", currency=code, unit=code, fee=Decimal(fee),
            minimum_withdrawal=Decimal(least), minimum_deposit=Decimal(0),
            effective_at=BEGINNING,
        )
        for code, (fee, least) in BANK.items()
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies: ClassVar = [("funding", "0002_guards")]
    # Going back leaves the rows; the steps before drop their table.
    operations: ClassVar = [migrations.RunPython(add, migrations.RunPython.noop)]
