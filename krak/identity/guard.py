"""What a door calls before an act that a stolen phone must not do."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from krak.core import clock
from krak.identity.authentication import bearer_of
from krak.identity.headers import STEP_UP
from krak.identity.services import proofs
from krak.identity.services.proofs import Act

STEP_UP_PARAMETER: Final = OpenApiParameter(
    STEP_UP,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=False,
    description="The proof from POST /v1/step-up, for exactly this. Without it the answer is 403"
    " `identity.step_up_required`, whose `facts` are what to send there.",
)


def requires_step_up(request: Request, *, action: str, subject: Mapping[str, Any]) -> None:
    """Let a request go on that carries a fresh, unused proof for this action and subject.

    `subject` is everything that the customer agrees to, as text: {"amount": "10.00", "currency":
    "EUR", "destination": "dst_…"}; a proof for another amount or payee does not serve. Call it in
    the effect, after a repeat was answered from its `Idempotency-Key`: a proof is used once.

    Raises:
        StepUpRequired: there is no such proof; `facts` say how to get one.
    """
    act = Act(action, {name: str(value) for name, value in subject.items()})
    proofs.use(bearer_of(request), act, shown_id=request.headers.get(STEP_UP), now=clock.now())
