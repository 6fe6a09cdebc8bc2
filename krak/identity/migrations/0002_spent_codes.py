"""Where used codes are noted; the columns are those of Django's cache in the database."""

from typing import ClassVar

from django.db import migrations

_FORWARD = """
CREATE TABLE identity_spent_code (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX spent_codes_by_age ON identity_spent_code (expires);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("identity", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(sql=_FORWARD, reverse_sql="DROP TABLE identity_spent_code")
    ]
