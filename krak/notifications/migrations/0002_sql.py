"""Notices are numbered and stay, are kept where what they tell of happens, and what was sent stays sent."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    # As it was called before there was one first migration per app.
    replaces: ClassVar = [("notifications", "0007_tell")]
    dependencies: ClassVar = [
        ("notifications", "0001_initial"),
        ("outbox", "0001_initial"),
    ]
    operations: ClassVar = [run_sql(__file__, "feed", "deliveries", "tell")]
