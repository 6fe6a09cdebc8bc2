"""Staff read proofs, and enter what custodians and attesters say that cannot be asked."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString

from fx.assets.queries import UnknownAsset, facts
from holdings.reserves import queries
from holdings.reserves.attesters import Attested
from holdings.reserves.models import Attestation, CustodyStatement, Proof, Tree
from holdings.reserves.services import backing, custody
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
            head=("Asset", "Owed", "Of it on its way", "In custody", "", "Multiplier", "Root"),
            rows=[_row(tree) for tree in queries.trees_of(proof)[:_SHOWN_TREES]],
        )


class WordForm(ModelForm):  # type: ignore[type-arg]
    """What somebody outside says of an asset that is known, and never less than nothing."""

    def clean_asset(self) -> str:
        """Refuse a code that no asset has."""
        try:
            return facts(str(self.cleaned_data["asset"])).code
        except UnknownAsset as unknown:
            raise ValidationError(unknown.title) from None

    def _something_or_nothing(self, field: str, *, title: str) -> Decimal:
        figure: Decimal = self.cleaned_data[field]
        if figure < 0:
            raise ValidationError(title)
        return figure


class StatementForm(WordForm):
    """Something or nothing of an asset."""

    def clean_units(self) -> Decimal:
        """Refuse less than nothing."""
        return self._something_or_nothing("units", title=custody.NothingStated.title)


class AttestationForm(WordForm):
    """So many shares against so many tokens of a share."""

    def clean_asset(self) -> str:
        """Refuse what is no token of a share, too."""
        code = super().clean_asset()
        if not facts(code).properties.has_multiplier:
            raise ValidationError(backing.NothingAttested.title)
        return code

    def clean_shares(self) -> Decimal:
        """Refuse less than none."""
        return self._something_or_nothing("shares", title=backing.NothingAttested.title)

    def clean_tokens(self) -> Decimal:
        """Refuse less than none."""
        return self._something_or_nothing("tokens", title=backing.NothingAttested.title)


class WordAdmin(ReadOnlyAdmin):
    """What was said stays; staff who may enter it add what is said now."""

    entered: tuple[str, ...]
    search_fields = ("=asset", "reference")
    list_select_related = ("stated_by",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may enter it do so."""
        return request.user.has_perm(f"reserves.add_{self.opts.model_name}")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave moments and names to us."""
        return (*self.entered, "stated_at", "confirmed_at", "stated_by") if obj else self.entered


@admin.register(CustodyStatement)
class CustodyStatementAdmin(WordAdmin):
    """What custodians said they hold; a new figure is a new row."""

    form = StatementForm
    entered = ("custodian", "asset", "units", "reference")
    list_display = ("stated_at", "custodian", "asset", "held", "confirmed_at", "stated_by")
    list_filter = ("custodian",)

    @admin.display(description="Units")
    def held(self, statement: CustodyStatement) -> str:
        """Show the figure, in base units."""
        return shown(statement.units, statement.asset)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep what the custodian says."""
        kept = custody.state(
            custodian=obj.custodian,
            asset=obj.asset,
            units=obj.units,
            reference=obj.reference,
            by=cast("User", request.user),
            now=clock.now(),
        )
        obj.pk = kept.pk


@admin.register(Attestation)
class AttestationAdmin(WordAdmin):
    """What was attested of the shares behind tokens; a new figure is a new row."""

    form = AttestationForm
    entered = ("attester", "asset", "shares", "tokens", "reference")
    list_display = ("stated_at", "attester", "asset", "against", "confirmed_at", "stated_by")
    list_filter = ("attester",)

    @admin.display(description="Shares against tokens")
    def against(self, attestation: Attestation) -> SafeString:
        """Show both figures, and whether they are enough."""
        figures = f"{shown(attestation.shares)} : {shown(attestation.tokens)}"
        return badge(figures, "good" if attestation.is_backed else "odd")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep what is attested."""
        kept = backing.attest(
            attester=obj.attester,
            said=Attested(obj.asset, obj.shares, obj.tokens, obj.reference),
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
