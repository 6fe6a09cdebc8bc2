"""One effect per `Idempotency-Key`: what a door that moves money wraps around its service."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from krak.core import clock
from krak.core.idempotency import services
from krak.core.transactions import transaction

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"


def key_parameter(*, required: bool) -> OpenApiParameter:
    """Return how the header is described in the schema."""
    return OpenApiParameter(
        HEADER,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        required=required,
        description="1 to 255 visible ASCII characters. The same key and body again gets the"
        " first answer for 48 hours, and nothing happens twice.",
    )


def once(
    request: Request, *, owner: UUID, effect: Callable[[], Response], required: bool = False
) -> Response:
    """Open the one transaction, let `effect` happen in it, and answer a repeat with its answer.

    `effect` returns the answer of a success and raises a `DomainError` for a refusal; a refusal
    leaves the key free. `owner` is whose key it is. Without a key the effect just happens,
    unless one is `required`. A repeat's answer carries `Idempotent-Replayed: true`.

    Raises:
        KeyRequired, MalformedKey, InProgress, KeyReused: see `krak.core.idempotency.services`.
    """
    key = request.headers.get(HEADER)
    if key is None:
        if required:
            raise services.KeyRequired
        with transaction():
            return effect()
    asked = services.fingerprint(
        method=request.method or "", path=request.get_full_path(), body=request.data
    )
    with transaction():
        first = services.begin(owner=owner, key=key, fingerprint=asked, now=clock.now())
        if first is not None:
            return Response(json.loads(first.body), status=first.status, headers={REPLAYED: "true"})
        response = effect()
        if not HTTPStatus(response.status_code).is_success:
            raise ValueError("an effect answers a success; refusals are raised")
        answer = services.Answer(
            status=response.status_code, body=JSONRenderer().render(response.data).decode()
        )
        services.finish(owner=owner, key=key, answer=answer, now=clock.now())
    return response
