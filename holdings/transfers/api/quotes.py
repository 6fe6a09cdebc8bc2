"""What paying somebody would cost, fee first."""

from typing import Any, Final

from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.assets.catalogue import has_multiplier
from fx.quotes import queries as quotes
from fx.quotes.api import QuoteSerializer
from holdings.ledger.queries import Shown
from holdings.ledger.shapes import ShownAmountSerializer, shown_in, shown_object
from holdings.transfers.api.fields import (
    ADA,
    AMOUNT,
    AskedAmountSerializer,
    PersonSerializer,
    TagField,
    moment,
    person,
)
from holdings.transfers.services import quoting
from holdings.transfers.services.permission import sum_of
from krak.api.idempotency import key_parameter, once
from krak.api.limits import MONEY
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField
from krak.customers.authentication import asking
from krak.customers.queries import customer_by_tag, tag_of

PREVIEW: Final = OpenApiExample(
    "preview",
    response_only=True,
    value={
        "object": "transfer_quote", "recipient": ADA,
        "amount": AMOUNT | {"multiplier": None}, "pay": AMOUNT | {"multiplier": None},
        "quote": None, "instant": True, "step_up": False,
    },
)  # fmt: skip


class TransferQuoteRequestSerializer(StrictSerializer):
    """Whom to pay how much, and with what."""

    to = TagField()
    amount = AskedAmountSerializer()

    def get_fields(self) -> dict[str, Any]:
        """Add the field whose name is a word of Python."""
        return super().get_fields() | {"from": from_field()}


def from_field() -> serializers.CharField:
    """Return the field that names which asset pays."""
    return serializers.CharField(
        max_length=16, required=False,
        help_text="code of the asset that pays; without it one that covers the payment is chosen",
    )  # fmt: skip


class TransferQuoteSerializer(serializers.Serializer[quoting.Preview]):
    """What a payment would cost. With a `quote` its conversion comes first, at its fee."""

    object = ConstantField("transfer_quote")
    recipient = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField(help_text="what they get")
    pay = serializers.SerializerMethodField(help_text="what leaves your balance, fee included")
    quote = serializers.SerializerMethodField()
    instant = serializers.BooleanField(help_text="false: it waits until they can take it")
    step_up = serializers.BooleanField(help_text="it takes a Step-Up")

    @extend_schema_field(PersonSerializer)
    def get_recipient(self, made: quoting.Preview) -> Any:
        """Return who would get it."""
        return person(made.recipient, tag_of(customer_id=made.recipient.id) or "")

    @extend_schema_field(ShownAmountSerializer)
    def get_amount(self, made: quoting.Preview) -> Any:
        """Return what would arrive."""
        return shown_in(self.context, made.what.units, made.what.currency)

    @extend_schema_field(ShownAmountSerializer)
    def get_pay(self, made: quoting.Preview) -> Any:
        """Return what would leave."""
        if made.conversion is None:
            return self.get_amount(made)
        quote = quotes.shown(made.conversion, now=self.context["now"])
        sold = quote.legs[0]
        multiplier = sold.multiplier if has_multiplier(sold.asset) else None
        return shown_object(Shown(quote.sell, multiplier))

    @extend_schema_field(QuoteSerializer(allow_null=True))
    def get_quote(self, made: quoting.Preview) -> Any:
        """Return the firm price of the conversion."""
        if made.conversion is None:
            return None
        return QuoteSerializer(quotes.shown(made.conversion, now=self.context["now"])).data


class PreviewTransfer(APIView):
    """POST /v1/transfers/quote"""

    throttle_classes = (MONEY,)

    @extend_schema(
        operation_id="quote_transfer",
        tags=["transfers"],
        request=TransferQuoteRequestSerializer,
        responses={201: TransferQuoteSerializer},
        parameters=[key_parameter(required=False)],
        examples=[
            OpenApiExample("with bitcoin", request_only=True, value={
                "to": "ada", "amount": AMOUNT, "from": "BTC",
            }),
            PREVIEW,
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Say what a payment would cost, fee first; send its `quote.id` along to pay so."""
        asked, sender = read_body(TransferQuoteRequestSerializer, request), asking(request)
        seen = moment(sender)

        def preview() -> Response:
            made = quoting.preview(
                sender=sender,
                recipient=customer_by_tag(asked["to"]),
                what=sum_of(**asked["amount"], board=seen["board"], now=seen["now"]),
                pay_with=asked.get("from"),
                board=seen["board"],
                now=seen["now"],
            )
            return Response(TransferQuoteSerializer(made, context=seen).data, status=201)

        return once(request, owner=sender.id, effect=preview)
