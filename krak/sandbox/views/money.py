"""The sandbox's doors for money in and out: what banks, chains and payers would do."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from holdings.funding.models import TopUp, Withdrawal
from holdings.funding.queries import TopUpNotFound, WithdrawalNotFound
from holdings.funding.rules.addresses import is_address
from holdings.funding.rules.networks import NETWORKS
from krak.api.parsing import AmountField, StrictSerializer
from krak.core.money import plain
from krak.sandbox import money
from krak.sandbox.serializers import CodeField
from krak.sandbox.views.base import SandboxView, named


class TransferSerializer(StrictSerializer):
    """A bank transfer; without an IBAN its reference may still name whose it is."""

    iban = serializers.CharField(max_length=42, default="")
    currency = CodeField()
    amount = AmountField(zero=False)
    reference = serializers.CharField(max_length=200, default="", allow_blank=True)
    sender_name = serializers.CharField(max_length=140, default="Grace Hopper")


class OnChainSerializer(StrictSerializer):
    """A payment on a fake chain."""

    network = serializers.ChoiceField(choices=list(NETWORKS))
    asset = CodeField()
    token = serializers.CharField(
        max_length=64, default="", allow_blank=True,
        help_text="of shares: another mint or contract than theirs, as a fake has",
    )  # fmt: skip
    amount = AmountField(zero=False, help_text="in base units")
    address = serializers.CharField(max_length=128)
    memo = serializers.CharField(max_length=64, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what no chain would take."""
        if not is_address(NETWORKS[attrs["network"]], attrs["address"]):
            raise serializers.ValidationError({"address": ["This is no address."]})
        return attrs


class BlocksSerializer(StrictSerializer):
    """How many blocks."""

    count = serializers.IntegerField(min_value=1, max_value=1000, default=1)


class ForkSerializer(StrictSerializer):
    """How many blocks are taken back, and whether what was in them is lost."""

    depth = serializers.IntegerField(min_value=1, max_value=1000, default=1)
    lose = serializers.BooleanField(default=False)


class PayTopUpSerializer(StrictSerializer):
    """What the payer does."""

    outcome = serializers.ChoiceField(
        choices=["succeeded", "processing", "failed", "canceled"], default="succeeded"
    )


class OutcomeSerializer(StrictSerializer):
    """What becomes of a withdrawal."""

    outcome = serializers.ChoiceField(
        choices=["completed", "failed", "returned"], default="completed"
    )


class Transfers(SandboxView):
    """POST /v1/sandbox/bank/transfers"""

    @extend_schema(request=TransferSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Let a bank transfer come in."""
        asked = self.read(TransferSerializer, request)
        made = money.transfer(**asked | {"amount": plain(asked["amount"])})
        return Response({"transfer": made}, status=201)


class OnChain(SandboxView):
    """POST /v1/sandbox/chains/transfers"""

    @extend_schema(request=OnChainSerializer, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        """Let a payment to an address be seen; blocks make it final."""
        asked = self.read(OnChainSerializer, request)
        made = money.send(**asked | {"amount": plain(asked["amount"])})
        return Response({"transaction": made}, status=201)


class ChainView(SandboxView):
    """A view of one chain."""

    def network(self, code: str) -> str:
        """Return the chain of the path."""
        if code not in NETWORKS:
            raise serializers.ValidationError({"network": ["There is no such network."]})
        return code


class Blocks(ChainView):
    """POST /v1/sandbox/chains/{network}/blocks"""

    @extend_schema(request=BlocksSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, network: str) -> Response:
        """Add blocks to a chain."""
        count = self.read(BlocksSerializer, request)["count"]
        return Response({"height": money.mine(self.network(network), count)})


class Forks(ChainView):
    """POST /v1/sandbox/chains/{network}/forks"""

    @extend_schema(request=ForkSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, network: str) -> Response:
        """Take blocks of a chain back."""
        asked = self.read(ForkSerializer, request)
        height = money.fork(self.network(network), asked["depth"], lose=asked["lose"])
        return Response({"height": height})


class PayTopUp(SandboxView):
    """POST /v1/sandbox/top-ups/{id}"""

    @extend_schema(request=PayTopUpSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Pay a top-up as the app's payer would, at the fake of Stripe."""
        outcome = self.read(PayTopUpSerializer, request)["outcome"]
        money.pay(named(TopUp, shown_id, TopUpNotFound), outcome)
        return Response({"outcome": outcome})


class EndWithdrawal(SandboxView):
    """POST /v1/sandbox/withdrawals/{id}"""

    @extend_schema(request=OutcomeSerializer, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, shown_id: str) -> Response:
        """Let the bank or the chain say what became of a withdrawal."""
        outcome = self.read(OutcomeSerializer, request)["outcome"]
        money.payout(named(Withdrawal, shown_id, WithdrawalNotFound), outcome)
        return Response({"outcome": outcome})
