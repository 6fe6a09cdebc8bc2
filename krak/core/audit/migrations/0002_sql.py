"""How a change is recorded and tied to the one before it, and the proof of that."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    # As it was called before there was one first migration per app.
    replaces: ClassVar = [("audit", "0006_proof_in_parts")]
    dependencies: ClassVar = [("audit", "0001_initial")]
    operations: ClassVar = [run_sql(__file__, "record", "chain", "proof")]
