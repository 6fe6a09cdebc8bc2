"""Terms: what is in force, and agreeing to it."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.limits import client_address
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.transactions import transaction
from krak.customers import queries, services
from krak.customers.authentication import asking
from krak.customers.models import Customer, Terms
from krak.customers.services.terms import TermsNotInForce

MOST_AT_ONCE: Final = 20


class TermsSerializer(serializers.Serializer[Terms]):
    """A document in the version that is in force."""

    object = ConstantField("terms")
    id = IdField(Terms.PREFIX)
    kind = serializers.CharField()
    version = serializers.CharField()
    title = serializers.CharField()
    url = serializers.URLField()
    effective_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField(source="effective_at")
    accepted_at = serializers.SerializerMethodField(help_text="null: not yet")

    def get_accepted_at(self, terms: Terms) -> Any:
        """Return when this customer accepted it."""
        when = self.context["accepted"].get(terms.id)
        return when and serializers.DateTimeField().to_representation(when)


class AllTermsSerializer(serializers.Serializer[dict[str, object]]):
    """Every document."""

    results = TermsSerializer(many=True)


class AcceptSerializer(StrictSerializer):
    """Which versions are accepted."""

    ids = serializers.ListField(
        child=serializers.CharField(max_length=40), min_length=1, max_length=MOST_AT_ONCE
    )


class AllTerms(APIView):
    """GET /v1/terms"""

    @extend_schema(operation_id="terms", tags=["customer"], responses=AllTermsSerializer)
    def get(self, request: Request) -> Response:
        """Return what is in force, and what of it this customer accepted."""
        return Response({"results": _shown(asking(request))})


class AcceptTerms(APIView):
    """POST /v1/terms/accept"""

    @extend_schema(
        operation_id="accept_terms",
        tags=["customer"],
        request=AcceptSerializer,
        responses=AllTermsSerializer,
    )
    def post(self, request: Request) -> Response:
        """Accept versions that are in force; again is harmless."""
        asked, customer = read_body(AcceptSerializer, request), asking(request)
        with transaction():
            services.accept_terms(
                customer_id=customer.id,
                terms_ids=[_id(text) for text in asked["ids"]],
                address=client_address(request),
                now=clock.now(),
            )
        return Response({"results": _shown(customer)})


def _id(text: str) -> UUID:
    return id_of(Terms.PREFIX, text, TermsNotInForce)


def _shown(customer: Customer) -> Any:
    accepted = queries.acceptances(customer_id=customer.id)
    in_force: Any = queries.terms_in_force(now=clock.now())
    context = {"accepted": accepted}
    return TermsSerializer(in_force, many=True, context=context).data
