"""Answers that a client who has them already need not load again."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag


def tagged(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """Give an answer its ETag, or return 304 when `If-None-Match` names it already.

    The tag is of what is said, not of when: what did not change is the same in every process.
    """
    tag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"] = tag
    response.setdefault("Cache-Control", "private, no-cache")
    return get_conditional_response(request, etag=tag, response=response) or response
