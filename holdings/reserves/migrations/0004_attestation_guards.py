from typing import ClassVar

from django.db import migrations

from krak.core.sql import run_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("reserves", "0003_attestation")]
    operations: ClassVar = [run_sql(__file__, "attestations")]
