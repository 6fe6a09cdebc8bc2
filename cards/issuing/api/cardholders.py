"""Who the cards of a customer are issued to."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.issuing import queries, services
from cards.issuing.models import Cardholder
from cards.issuing.services.cardholders import Person
from krak.api.limits import client_address
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField
from krak.core import clock
from krak.core.transactions import transaction
from krak.customers.authentication import asking

# Latin letters with their accents, as card printers and Stripe take them; no digits, no controls.
NAME = r"^[A-Za-zÀ-ÖØ-öø-ÿĀ-ž][A-Za-zÀ-ÖØ-öø-ÿĀ-ž' .-]{0,59}$"


class AddressSerializer(StrictSerializer):
    """A postal address, in Stripe's field names."""

    line1 = serializers.CharField(max_length=120)
    line2 = serializers.CharField(max_length=120, required=False)
    city = serializers.CharField(max_length=60)
    state = serializers.CharField(max_length=60, required=False)
    postal_code = serializers.CharField(max_length=16)
    country = serializers.RegexField(r"^[A-Z]{2}$")


class PersonSerializer(StrictSerializer):
    """The person that cards are issued to. By sending it they accept the card's terms."""

    first_name = serializers.RegexField(NAME)
    last_name = serializers.RegexField(NAME)
    phone_number = serializers.RegexField(r"^\+[1-9]\d{6,14}$", default="", help_text="E.164")
    address = AddressSerializer()


class CardholderSerializer(serializers.Serializer[Cardholder]):
    """Who cards are issued to, and what the card network still wants to know."""

    object = ConstantField("cardholder")
    id = IdField(Cardholder.PREFIX)
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    phone_number = serializers.CharField()
    address = serializers.SerializerMethodField(help_text="null while none was told")
    requirements = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()

    @extend_schema_field(AddressSerializer(allow_null=True))
    def get_address(self, holder: Cardholder) -> Any:
        """Return where the person lives."""
        return AddressSerializer(holder.address).data if holder.address else None


class CardholderDoor(APIView):
    """/v1/cardholder"""

    @extend_schema(operation_id="cardholder", tags=["cards"], responses=CardholderSerializer)
    def get(self, request: Request) -> Response:
        """Return who the customer's cards are issued to."""
        found = queries.cardholder_of(customer_id=asking(request).id)
        return Response(CardholderSerializer(found).data)

    @extend_schema(
        operation_id="set_cardholder",
        tags=["cards"],
        request=PersonSerializer,
        responses=CardholderSerializer,
    )
    def put(self, request: Request) -> Response:
        """Tell or correct who the customer's cards are issued to."""
        asked = read_body(PersonSerializer, request)
        person = Person(**asked, terms_accepted_ip=client_address(request))
        with transaction():
            holder = services.enrol(customer_id=asking(request).id, person=person, now=clock.now())
        return Response(CardholderSerializer(holder).data)
