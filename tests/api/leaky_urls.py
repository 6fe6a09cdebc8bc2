"""Krak with a view that does all wrong that the rows look for."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.parsing import AmountField
from krak.customers.models import Customer
from krak.urls import handler400, handler404, handler500
from krak.urls import urlpatterns as ours

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]


class LeakyField(AmountField):
    """Takes anything for an amount."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class LeakySerializer(serializers.Serializer[Any]):
    """Takes fields that it does not know."""

    amount = LeakyField()
    callback_url = serializers.URLField(required=False)


class Leaky(APIView):
    """Answers everybody, about anybody, with everything."""

    permission_classes = (AllowAny,)

    def perform_authentication(self, request: Request) -> None:
        """Let in whoever comes."""

    @extend_schema(operation_id="leak", request=LeakySerializer, responses={200: dict[str, Any]})
    def post(self, request: Request, shown_id: str) -> Response:
        everybody = Customer.objects.select_related("user")
        return Response({str(each.id): each.user.email for each in everybody})

    @extend_schema(exclude=True)
    def put(self, request: Request, shown_id: str) -> Response:
        return Response({})


urlpatterns = [*ours, path("v1/leaks/<str:shown_id>", Leaky.as_view())]
