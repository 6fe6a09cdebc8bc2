"""The customer's own door: who am I."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.customers.authentication import asking
from krak.customers.models import Customer


class MeSerializer(serializers.Serializer[Customer]):
    """The customer whose token it is."""

    object = ConstantField("customer")
    id = IdField(Customer.PREFIX)
    name = serializers.CharField()
    email = serializers.EmailField(source="user.email")
    country = serializers.CharField(help_text="ISO 3166-1 alpha-2 code of residence")
    home_currency = serializers.CharField(help_text="values are reckoned in it")
    frozen = serializers.SerializerMethodField(help_text="no card of this customer pays")
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    def get_frozen(self, customer: Customer) -> bool:
        """Tell whether compliance has frozen the account."""
        return customer.frozen_at is not None


class Me(APIView):
    """GET /v1/me"""

    @extend_schema(operation_id="me", tags=["customer"], responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Return the customer whose token it is."""
        return Response(MeSerializer(asking(request)).data)
