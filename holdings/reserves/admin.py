"""Staff read proofs, and enter what custodians say that cannot be asked."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString

from fx.assets.queries import UnknownAsset, facts
from holdings.reserves import queries, services
from holdings.reserves.models import CustodyStatement, Proof, Tree
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, Section, badge, shown
from krak.customers.models import User

_SHOWN_TREES = 1000


@admin.register(Proof)
class ProofAdmin(ReadOnlyAdmin):
    """What was owed at a moment, by asset, and what stood against it."""

    list_display = ("as_of", "shown_id", "assets", "short")
    fields = ("shown_id", "as_of")
    date_hierarchy = "as_of"

    @admin.display(description="Assets")
    def assets(self, proof: Proof) -> int:
        """Count its trees."""
        return queries.trees_of(proof).count()

    @admin.display(description="Short of")
    def short(self, proof: Proof) -> str:
        """Name what custodians hold less of than is owed."""
        return ", ".join(
            tree.asset for tree in queries.trees_of(proof) if queries.covered(tree) is False
        )

    def sections(self, proof: Proof) -> Iterable[Section]:
        """Show every tree."""
        yield Section(
            title="By asset",
            note="Base units; multiplied they are what is shown. Customers verify their own part"
            " with GET /v1/reserves/proof.",
            head=("Asset", "Owed", "On its way", "In custody", "", "Multiplier", "Root"),
            rows=[_row(tree) for tree in queries.trees_of(proof)[:_SHOWN_TREES]],
        )


class StatementForm(ModelForm):  # type: ignore[type-arg]
    """Something or nothing of an asset that is known."""

    def clean_asset(self) -> str:
        """Refuse a code that no asset has."""
        try:
            return facts(str(self.cleaned_data["asset"])).code
        except UnknownAsset as unknown:
            raise ValidationError(unknown.title) from None

    def clean_units(self) -> Decimal:
        """Refuse less than nothing."""
        units: Decimal = self.cleaned_data["units"]
        if units < 0:
            raise ValidationError(services.NothingStated.title)
        return units


@admin.register(CustodyStatement)
class CustodyStatementAdmin(ReadOnlyAdmin):
    """What custodians said they hold; a new figure is a new row."""

    form = StatementForm
    list_display = ("stated_at", "custodian", "asset", "held", "confirmed_at", "stated_by")
    list_filter = ("custodian",)
    search_fields = ("=asset", "reference")
    list_select_related = ("stated_by",)
    fields = ("custodian", "asset", "units", "reference", "stated_at", "confirmed_at", "stated_by")

    @admin.display(description="Units")
    def held(self, statement: CustodyStatement) -> str:
        """Show the figure, in base units."""
        return shown(statement.units, statement.asset)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may enter statements do so."""
        return request.user.has_perm("reserves.add_custodystatement")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave moments and names to us."""
        return self.fields if obj else ("custodian", "asset", "units", "reference")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep what the custodian says."""
        kept = services.state(
            custodian=obj.custodian,
            asset=obj.asset,
            units=obj.units,
            reference=obj.reference,
            by=cast("User", request.user),
            now=clock.now(),
        )
        obj.pk = kept.pk


def _row(tree: Tree) -> tuple[Any, ...]:
    covered = queries.covered(tree)
    state: SafeString | str = ""
    if covered is not None:
        state = badge("COVERED", "good") if covered else badge("SHORT", "odd")
    return (
        tree.asset,
        shown(tree.owed),
        shown(tree.in_transit),
        "" if tree.in_custody is None else shown(tree.in_custody),
        state,
        shown(tree.multiplier),
        bytes(tree.root).hex(),
    )
