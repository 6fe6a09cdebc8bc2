"""The sandbox's doors for the primary market: what staff would decide."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from holdings.funding.rules.networks import NETWORKS
from holdings.primary.models import Party
from holdings.primary.models import Request as PrimaryRequest
from holdings.primary.queries import RequestNotFound
from krak.api.parsing import StrictSerializer
from krak.core.ids import show
from krak.sandbox import primary
from krak.sandbox.views.base import SandboxView, named


class PartySerializer(StrictSerializer):
    """Where the party's wallet is."""

    network = serializers.ChoiceField(choices=list(NETWORKS), default="solana")


class StaffDecisionSerializer(StrictSerializer):
    """What staff decide about a subscription or redemption."""

    outcome = serializers.ChoiceField(choices=["accepted", "rejected"], default="accepted")


class LetIn(SandboxView):
    """POST /v1/sandbox/customers/{id}/party"""

    @extend_schema(request=PartySerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request, shown_id: str) -> Response:
        """Let a customer into the primary market, with a wallet of their own."""
        network = self.read(PartySerializer, request)["network"]
        party = primary.let_in(self.customer(shown_id), network)
        made = {"party": show(Party.PREFIX, party.id), "network": network, "wallet": party.wallet}
        return Response(made, status=201)


class DecideRequest(SandboxView):
    """POST /v1/sandbox/primary-requests/{id}"""

    @extend_schema(request=StaffDecisionSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Accept a request of the primary market as two people would, or reject it."""
        outcome = self.read(StaffDecisionSerializer, request)["outcome"]
        found = named(PrimaryRequest, shown_id, RequestNotFound)
        return Response({"state": primary.decide(found.id, outcome).state.lower()})
