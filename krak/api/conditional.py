"""Answers that a client who has them already need not load again."""

import hashlib
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request


def answer(request: Request, body: Any) -> HttpResponseBase:
    """Answer a GET with `body` and its ETag, or with 304 when `If-None-Match` names it already.

    The tag is of what is said, not of when: what did not change is the same in every process.
    """
    text = JSONRenderer().render(body)
    tag = quote_etag(hashlib.sha256(text).hexdigest()[:32])
    response = HttpResponse(text, content_type="application/json")
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    checked = get_conditional_response(request._request, etag=tag, response=response)  # noqa: SLF001 - documented by DRF
    return checked or response
