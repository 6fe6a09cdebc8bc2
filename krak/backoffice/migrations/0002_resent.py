"""Who had a dead message sent again is recorded."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("backoffice", "0001_audit"),
        ("outbox", "0001_initial"),
    ]
    operations: ClassVar = [run_sql(__file__, "resent")]
