"""Limits to begin with, by kind: the first rows, which staff add to."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import migrations

FIRST = {
    # kind: band, widen at, by, stop at, slip
    "FIAT": (50_000, 500_000, 10, 1_000_000, 20),
    "STABLECOIN": (50_000, 500_000, 10, 1_000_000, 20),
    "CRYPTO": (10_000, 100_000, 25, 250_000, 50),
    "COMMODITY_TOKEN": (10_000, 100_000, 25, 250_000, 50),
    "TOKENIZED_EQUITY": (5_000, 50_000, 50, 100_000, 50),
    "TOKENIZED_ETF": (5_000, 50_000, 50, 100_000, 50),
}


def add(apps: Any, _schema_editor: Any) -> None:
    limits = apps.get_model("hedging", "RiskLimit")
    for kind, (band, widen_at, widen_bps, stop_at, slip_bps) in FIRST.items():
        limits.objects.create(
            kind=kind, band_usd=band, widen_at_usd=widen_at, widen_bps=widen_bps,
            stop_at_usd=stop_at, slip_bps=slip_bps, reason="to begin with",
            effective_at=datetime.fromtimestamp(0, UTC),
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies: ClassVar = [("hedging", "0002_sql")]
    # Limits are append-only, so going back leaves them; the table goes with the first migration.
    operations: ClassVar = [migrations.RunPython(add, migrations.RunPython.noop)]
