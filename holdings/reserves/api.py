"""What is owed and what stands against it, and the proof that one's own part was counted."""

from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fx.assets.directory import named
from holdings.reserves import queries
from holdings.reserves.models import CODE_LENGTH, Attestation, Proof, Tree
from holdings.reserves.queries import Mine, PartOfMine
from holdings.reserves.rules import Step, units
from krak.api.paging import CursorPages
from krak.api.shapes import AmountSerializer, ConstantField, DecimalText, IdField, LivemodeField
from krak.core.ids import show
from krak.core.money import amount_object, money
from krak.customers.authentication import asking

_ROOT: Final = "5f0c1f3dc0b1c1cbd3cf0f6b6f3e38c7dcb6f0c3f8cbb1c6f1e8a3f6b2d7e9a4"
_SIBLING: Final = "9a1d4b7733e5a9ce1a06a0e1b1d6d6a4be5b8a1b35d9c7b60de3d1a8c2f4e601"
EXAMPLES: Final = [
    OpenApiExample(
        "Apple, all covered",
        value={
            "object": "reserve", "proof": "rsv_01m8kq3v5nf2tbx7d9r6h4s8jw", "asset": "AAPLx",
            "owed": {"amount": "1203.5", "currency": "AAPLx"},
            "in_transit": {"amount": "0", "currency": "AAPLx"},
            "in_custody": {"amount": "1210", "currency": "AAPLx"}, "covered": True,
            "custody_at": "2026-11-30T12:00:00Z",
            "backing": {
                "shares": "48210", "tokens": "48207.5", "backed": True,
                "attester": "an auditor", "reference": "", "attested_at": "2026-11-30T12:00:00Z",
            },
            "multiplier": "1.0021", "leaves": 1840,
            "merkle_root": {"hash": _ROOT, "sum": "1200.97794632"},
            "as_of": "2026-11-30T12:00:00Z", "livemode": False,
        },
    ),
]  # fmt: skip
PROOF: Final = OpenApiExample(
    "A holding that was cut in two, one part shown",
    value={
        "object": "reserve_proof", "proof": "rsv_01m8kq3v5nf2tbx7d9r6h4s8jw", "asset": "BTC",
        "customer": "cus_01m8hw7k1yf1p8m4dq0x2n5v3c", "nonce": _SIBLING, "units": "0.25",
        "multiplier": "1",
        "parts": [
            {
                "part": 0, "units": "0.1",
                "path": [{"sibling": "right", "hash": _SIBLING, "sum": "0.4"}],
            }
        ],
        "merkle_root": {"hash": _ROOT, "sum": "0.5"},
        "as_of": "2026-11-30T12:00:00Z", "livemode": False,
    },
)  # fmt: skip


class WhichSerializer(serializers.Serializer[Any]):
    """Of which asset."""

    asset = serializers.CharField(max_length=CODE_LENGTH, help_text="its code; case counts")


class NodeSerializer(serializers.Serializer[Any]):
    """A node of the tree: SHA-256 as hex, and what is under it in base units."""

    hash = serializers.CharField()
    sum = DecimalText()


class BackingSerializer(serializers.Serializer[Attestation]):
    """What is attested of the issuer: shares with its custodians, and tokens of all holders."""

    shares = DecimalText()
    tokens = DecimalText(help_text="in circulation on all chains, in shown units: one a share")
    backed = serializers.BooleanField(source="is_backed")
    attester = serializers.CharField()
    reference = serializers.CharField(help_text="where it can be read")
    attested_at = serializers.DateTimeField(source="confirmed_at")


class ReserveSerializer(serializers.Serializer[Tree]):
    """What is owed of an asset to all customers, in shown units, and what stands against it."""

    object = ConstantField("reserve")
    proof = IdField(Proof.PREFIX, source="proof_id")
    asset = serializers.CharField()
    owed = serializers.SerializerMethodField(
        help_text="what is in customers' accounts, and what they sent and nobody took yet"
    )
    in_transit = serializers.SerializerMethodField(
        help_text="of what is owed: sent and not taken yet, so its sender's"
    )
    in_custody = serializers.SerializerMethodField(
        help_text="what custodians say they hold; null when none says"
    )
    covered = serializers.SerializerMethodField(
        help_text="whether that is as much as is owed; null when nobody says"
    )
    custody_at = serializers.DateTimeField(allow_null=True, help_text="when they said so")
    backing = serializers.SerializerMethodField(
        help_text="the shares behind a token, as attested last; null of what is no share, or where"
        " nobody attests"
    )
    multiplier = DecimalText(help_text="what turned base units into shown units")
    leaves = serializers.IntegerField(help_text="of the tree; each holding has one or two")
    merkle_root = serializers.SerializerMethodField()
    as_of = serializers.DateTimeField(source="proof.as_of")
    livemode = LivemodeField()

    @extend_schema_field(AmountSerializer)
    def get_owed(self, tree: Tree) -> Any:
        """Return what is owed."""
        return self._shown(tree.owed, tree)

    @extend_schema_field(AmountSerializer)
    def get_in_transit(self, tree: Tree) -> Any:
        """Return what is on its way."""
        return self._shown(tree.in_transit, tree)

    @extend_schema_field(AmountSerializer(allow_null=True))
    def get_in_custody(self, tree: Tree) -> Any:
        """Return what custodians hold."""
        return None if tree.in_custody is None else self._shown(tree.in_custody, tree)

    @extend_schema_field(serializers.BooleanField(allow_null=True))
    def get_covered(self, tree: Tree) -> bool | None:
        """Tell whether what is held is enough."""
        return queries.covered(tree)

    @extend_schema_field(BackingSerializer(allow_null=True))
    def get_backing(self, tree: Tree) -> Any:
        """Return what was attested last."""
        found = self.context["backing"].get(tree.asset)
        return None if found is None else BackingSerializer(found).data

    @extend_schema_field(NodeSerializer)
    def get_merkle_root(self, tree: Tree) -> Any:
        """Return the root that all paths lead to."""
        return NodeSerializer({"hash": bytes(tree.root).hex(), "sum": tree.owed}).data

    @staticmethod
    def _shown(base: Decimal, tree: Tree) -> Any:
        return amount_object(money(base * tree.multiplier, tree.asset))


class StepSerializer(NodeSerializer):
    """The sibling on one level, and on which side of the path it is."""

    sibling = serializers.ChoiceField(choices=["left", "right"])

    def to_representation(self, step: Step) -> Any:
        """Write the step."""
        node = {"hash": step.node.hash.hex(), "sum": units(step.node.sum)}
        return {"sibling": step.side, **NodeSerializer(node).data}


class PartSerializer(serializers.Serializer[PartOfMine]):
    """One leaf of one's holding, and the way up from it."""

    part = serializers.IntegerField(min_value=0, max_value=1)
    units = DecimalText(help_text="base units")
    path = StepSerializer(many=True)


class ReserveProofSerializer(serializers.Serializer[Mine]):
    """All that one needs to see that what one had was counted; nobody else is told the nonce."""

    object = ConstantField("reserve_proof")
    proof = serializers.SerializerMethodField()
    asset = serializers.CharField(source="tree.asset")
    customer = serializers.CharField()
    nonce = serializers.CharField(help_text="32 bytes as hex")
    units = DecimalText(help_text="all that one was owed, in base units: the sum of the parts")
    multiplier = DecimalText(
        source="tree.multiplier", help_text="what turned base units into shown units"
    )
    parts = PartSerializer(many=True)
    merkle_root = serializers.SerializerMethodField()
    as_of = serializers.DateTimeField(source="tree.proof.as_of")
    livemode = LivemodeField()

    def get_proof(self, mine: Mine) -> str:
        """Return which proof it is."""
        return show(Proof.PREFIX, mine.tree.proof_id)

    @extend_schema_field(NodeSerializer)
    def get_merkle_root(self, mine: Mine) -> Any:
        """Return the root that all paths lead to."""
        return NodeSerializer({"hash": bytes(mine.tree.root).hex(), "sum": mine.tree.owed}).data


@extend_schema_view(
    get=extend_schema(operation_id="reserves", tags=["reserves"], examples=EXAMPLES)
)
class Reserves(generics.ListAPIView[Tree]):
    """GET /v1/reserves"""

    serializer_class = ReserveSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Tree]:
        """Return what the newest proof says of each asset."""
        if getattr(self, "swagger_fake_view", False):
            return Tree.objects.none()
        return queries.trees_of(queries.newest())

    def get_serializer_context(self) -> dict[str, Any]:
        """Ask once what was attested of all products."""
        return {**super().get_serializer_context(), "backing": queries.backing()}


class ProofOfOne(APIView):
    """GET /v1/reserves/proof"""

    @extend_schema(
        operation_id="reserve_proof",
        tags=["reserves"],
        parameters=[WhichSerializer],
        responses=ReserveProofSerializer,
        examples=[PROOF],
    )
    def get(self, request: Request) -> Response:
        """Return the proof that what one had of an asset was counted."""
        asked = WhichSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        code = named(asked.validated_data["asset"]).code
        mine = queries.mine(customer=asking(request), asset=code)
        return Response(ReserveProofSerializer(mine).data)
