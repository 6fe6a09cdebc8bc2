"""What levels allow and what is agreed to, in a fresh installation."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import migrations

from krak.core.ids import uuid7

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
# act: (allowed, a day, a month) of levels 0, 1 and 2, in dollars; None is no limit.
RULES: dict[str, tuple[tuple[bool, int | None, int | None], ...]] = {
    "DEPOSIT": ((False, 0, 0), (True, 1_000, 2_500), (True, 50_000, 200_000)),
    "WITHDRAW": ((False, 0, 0), (True, 500, 1_000), (True, 25_000, 100_000)),
    "TRADE": ((False, 0, 0), (True, 1_000, 5_000), (True, None, None)),
    "CARD": ((False, 0, 0), (True, 1_000, 2_500), (True, None, None)),
    "PAY": ((False, 0, 0), (True, 250, 1_000), (True, 10_000, 50_000)),
}
TERMS = (
    ("terms_of_service", "Terms of service", "https://krak.example/terms/2026-01"),
    ("privacy_notice", "Privacy notice", "https://krak.example/privacy/2026-01"),
)


def add(apps: Any, _editor: Any) -> None:
    rule, terms = apps.get_model("customers", "KycRule"), apps.get_model("customers", "Terms")
    rule.objects.bulk_create(
        rule(
            id=uuid7(), level=level, act=act, allowed=allowed, currency="USD",
            per_day=None if day is None else Decimal(day),
            per_month=None if month is None else Decimal(month),
            effective_at=BEGINNING,
        )
        for act, levels in RULES.items()
        for level, (allowed, day, month) in enumerate(levels)
    )  # fmt: skip
    terms.objects.bulk_create(
        terms(
            id=uuid7(), kind=kind, version="2026-01", title=title, url=url, effective_at=BEGINNING
        )
        for kind, title, url in TERMS
    )


class Migration(migrations.Migration):
    # As it was called before there was one first migration per app.
    replaces: ClassVar = [("customers", "0005_first_rules")]
    dependencies: ClassVar = [("customers", "0002_guards")]
    # Going back leaves the rows; the step before drops their tables.
    operations: ClassVar = [migrations.RunPython(add, migrations.RunPython.noop)]
