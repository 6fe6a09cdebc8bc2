"""What the ledger's tables refuse, the functions that post, the house's balances, and the proof of the books."""

from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0001_initial")]
    operations: ClassVar = [run_sql(__file__, "guards", "post", "house", "proof")]
