"""What the doors of funding have in common."""

import re
from typing import Any, Final

from rest_framework import serializers

_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


class LineField(serializers.CharField):
    """One line of text that can be seen: no control characters, none that turn the writing."""

    default_error_messages = {"line": "This has characters that cannot be seen."}  # noqa: RUF012 - as the base class has it

    def to_internal_value(self, data: Any) -> str:
        """Return the text, or fail with a field error."""
        text = super().to_internal_value(data)
        if _UNSEEN.search(text):
            self.fail("line")
        return text
