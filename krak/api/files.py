"""Answers that are files."""

import re

from django.http import HttpResponse


def attachment(content: bytes, *, name: str, media_type: str) -> HttpResponse:
    """Answer with a file to be kept by nobody on the way."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{re.sub(r"[^\w.-]", "_", name)}"'
    response["Cache-Control"] = "private, no-store"
    return response
