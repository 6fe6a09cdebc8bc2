"""Who I am, and what I tell of myself."""

import unicodedata
from datetime import date
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.core.money import UnknownCurrency, currency
from krak.core.transactions import transaction
from krak.customers import queries, services
from krak.customers.authentication import asking
from krak.customers.models import Customer

_BESIDE_LETTERS: Final = frozenset(" '’.-")
MOST_RESIDENCES: Final = 5
OLDEST: Final = date(1900, 1, 1)


def _clean_name(text: str) -> str:
    """Return a name in one form of writing, or fail with a field error."""
    name = unicodedata.normalize("NFC", " ".join(text.split(" ")))
    odd = any(unicodedata.category(letter)[0] == "C" for letter in name)
    if odd or not name.strip() or not any(letter.isalpha() for letter in name):
        raise serializers.ValidationError("This is no name.", code="name")
    return name.strip()


class ResidenceSerializer(StrictSerializer):
    """Where somebody pays tax; without a number they say that the country gives none."""

    country = serializers.RegexField(r"^[A-Z]{2}\Z")
    tin = serializers.RegexField(r"^[A-Za-z0-9./ -]{0,30}\Z", allow_blank=True, default="")


class ProfileSerializer(StrictSerializer):
    """What to change of it; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False, help_text="what others see")
    country = serializers.RegexField(r"^[A-Z]{2}\Z", required=False)
    first_name = serializers.CharField(max_length=60, required=False)
    last_name = serializers.CharField(max_length=60, required=False)
    born_on = serializers.DateField(required=False)
    tax_residences = ResidenceSerializer(many=True, required=False)
    display_currency = serializers.CharField(max_length=16, required=False)

    def validate_name(self, value: str) -> str:
        """Refuse what is no name."""
        return _clean_name(value)

    def validate_first_name(self, value: str) -> str:
        """Refuse what is no name."""
        return _legal(value)

    def validate_last_name(self, value: str) -> str:
        """Refuse what is no name."""
        return _legal(value)

    def validate_born_on(self, value: date) -> date:
        """Refuse days on which nobody who is alive was born."""
        if not OLDEST < value < clock.now().date():
            raise serializers.ValidationError("Nobody was born then.", code="date")
        return value

    def validate_tax_residences(self, value: list[dict[str, str]]) -> list[dict[str, str]]:
        """Refuse a country twice, and more than anybody has."""
        countries = [each["country"] for each in value]
        if len(countries) > MOST_RESIDENCES or len(set(countries)) < len(countries):
            raise serializers.ValidationError("Name each country once.", code="repeated")
        return value

    def validate_display_currency(self, value: str) -> str:
        """Refuse what is not listed."""
        return known_currency(value)


def known_currency(code: str) -> str:
    """Return the code of something that is listed, or fail with a field error."""
    try:
        currency(code)
    except UnknownCurrency:
        raise serializers.ValidationError(
            "No listed asset has this code.", code="unknown_asset"
        ) from None
    return code


def _legal(text: str) -> str:
    """Return a name of letters of any script with their marks, or fail with a field error."""
    name = _clean_name(text)
    if not all(unicodedata.category(x)[0] in "LM" or x in _BESIDE_LETTERS for x in name):
        raise serializers.ValidationError("This is no name.", code="name")
    return name


class MeSerializer(serializers.Serializer[Customer]):
    """The customer whose token it is."""

    object = ConstantField("customer")
    id = IdField(Customer.PREFIX)
    name = serializers.CharField(help_text="what others see")
    email = serializers.EmailField(source="user.email")
    email_verified = serializers.SerializerMethodField()
    tag = serializers.SerializerMethodField(help_text="what others pay by; null until claimed")
    country = serializers.CharField(help_text="ISO 3166-1 alpha-2 code of residence")
    home_currency = serializers.CharField(help_text="values are reckoned in it")
    display_currency = serializers.SerializerMethodField(help_text="values are shown in it")
    first_name = serializers.SerializerMethodField()
    last_name = serializers.SerializerMethodField()
    born_on = serializers.SerializerMethodField()
    tax_residences = serializers.SerializerMethodField()
    verification_level = serializers.SerializerMethodField(help_text="0, 1 or 2")
    frozen = serializers.SerializerMethodField(help_text="no card of this customer pays")
    created_at = serializers.DateTimeField()
    livemode = LivemodeField()

    def get_frozen(self, customer: Customer) -> bool:
        """Tell whether compliance has frozen the account."""
        return customer.frozen_at is not None

    def get_email_verified(self, customer: Customer) -> bool:
        """Tell whether the address was verified."""
        return customer.user.email_verified_at is not None

    def get_tag(self, customer: Customer) -> str | None:
        """Return the tag, if any."""
        return queries.tag_of(customer_id=customer.id)

    def get_display_currency(self, customer: Customer) -> str:
        """Return the currency that the customer reads values in."""
        return self.context["profile"].display_currency or customer.home_currency

    def get_first_name(self, customer: Customer) -> str:
        """Return the legal first name."""
        return str(self.context["profile"].first_name)

    def get_last_name(self, customer: Customer) -> str:
        """Return the legal last name."""
        return str(self.context["profile"].last_name)

    def get_born_on(self, customer: Customer) -> date | None:
        """Return the date of birth."""
        born: date | None = self.context["profile"].born_on
        return born

    def get_tax_residences(self, customer: Customer) -> list[dict[str, str]]:
        """Return where they pay tax."""
        return list(self.context["profile"].tax_residences)

    def get_verification_level(self, customer: Customer) -> int:
        """Return how far they are verified."""
        return queries.level_of(customer_id=customer.id, now=clock.now())


class Me(APIView):
    """/v1/me"""

    @extend_schema(operation_id="me", tags=["customer"], responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Return the customer whose token it is."""
        return Response(_shown(asking(request)))

    @extend_schema(
        operation_id="update_me",
        tags=["customer"],
        request=ProfileSerializer,
        responses=MeSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change what is told of oneself. What was verified is changed by staff only."""
        told, asker = read_body(ProfileSerializer, request), asking(request)
        display = told.pop("display_currency", None)
        with transaction():
            if told:
                services.tell(customer_id=asker.id, told=told)
            if display is not None:
                services.set_display_currency(customer_id=asker.id, currency=display)
            changed = queries.customer(asker.id)
            shown = _shown(changed)
        return Response(shown)


def _shown(customer: Customer) -> dict[str, Any]:
    profile = queries.profile_of(customer_id=customer.id)
    shown: dict[str, Any] = MeSerializer(customer, context={"profile": profile}).data
    return shown
