"""The policy that a fresh installation starts with."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import migrations

from cards.issuing.policies import FirstPolicy


def add(apps: Any, _editor: Any) -> None:
    apps.get_model("issuing", "Policy").objects.create(
        currency="", effective_at=datetime(2026, 1, 1, tzinfo=UTC), **FirstPolicy().columns()
    )


def remove(apps: Any, _editor: Any) -> None:
    apps.get_model("issuing", "Policy").objects.filter(customer=None, currency="").delete()


class Migration(migrations.Migration):
    dependencies: ClassVar = [("issuing", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(add, remove)]
