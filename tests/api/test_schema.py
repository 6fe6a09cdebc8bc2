"""The OpenAPI schema is valid and knows every answer."""

from pathlib import Path

from django.core.management import call_command


def test_the_schema_is_valid_and_complete(tmp_path: Path) -> None:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml")
    )
