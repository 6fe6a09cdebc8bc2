"""Staff read the catalogue, propose changes of multipliers, and take assets out."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from fx.assets import queries, services
from fx.assets.models import Asset, Delisting, Multiplier
from fx.assets.rules import (
    DELISTING_NOTICE,
    LEAD_TIME,
    MULTIPLIER_LIMIT,
    MULTIPLIER_PLACES,
    PROPERTIES,
    Change,
    How,
    Kind,
    Standing,
    Status,
    standings,
)
from krak.approvals import queries as approvals
from krak.approvals.admin import waiting
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, ReasonForm, Section, badge, button, page_of, shown
from krak.customers.models import User

_MOST_SHARES: Final = 10_000
_HOW: Final = (
    (How.SPLIT, "Split: so many new shares for so many old ones"),
    (How.DIVIDEND, "Dividend: net yield in percent of the price"),
    (How.MULTIPLIER, "Multiplier as the issuer gives it"),
    (How.CANCEL, "Cancel what is scheduled for that moment"),
)
_NEEDED: Final = {
    How.SPLIT: ("new_shares", "old_shares"),
    How.DIVIDEND: ("yield_percent",),
    How.MULTIPLIER: ("multiplier",),
    How.CANCEL: (),
}
_TEXT: Final = UnfoldAdminTextInputWidget


class ChangeForm(forms.Form):
    """A change of a multiplier, as the corporate action says it."""

    how = forms.ChoiceField(choices=_HOW, widget=UnfoldAdminSelectWidget)
    new_shares = forms.IntegerField(
        required=False, min_value=1, max_value=_MOST_SHARES, widget=_TEXT
    )
    old_shares = forms.IntegerField(
        required=False, min_value=1, max_value=_MOST_SHARES, widget=_TEXT
    )
    yield_percent = forms.DecimalField(
        required=False, min_value=Decimal(0), max_value=Decimal(1000), decimal_places=12,
        widget=_TEXT, help_text="after withholding tax: 0.42 for 0.42 %",
    )  # fmt: skip
    multiplier = forms.DecimalField(
        required=False, min_value=Decimal(0), max_value=MULTIPLIER_LIMIT,
        decimal_places=MULTIPLIER_PLACES, widget=_TEXT,
    )  # fmt: skip
    activates_at = forms.DateTimeField(
        widget=_TEXT(attrs={"placeholder": "2026-12-01 21:00:00"}),
        help_text=f"UTC, at least {LEAD_TIME.seconds // 60} minutes after the approval",
    )
    reason = forms.CharField(max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    def clean(self) -> dict[str, Any]:
        """Ask for what this way of saying it needs."""
        data = super().clean() or {}
        for name in _NEEDED[How(data["how"])] if "how" in data else ():
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, "This is needed.")
        return data

    @staticmethod
    def change(data: dict[str, Any]) -> Change:
        """Return the change in the cleaned data."""
        how = How(data["how"])
        given = {name: data[name] for name in _NEEDED[how]}
        if "yield_percent" in given:
            given = {"net_yield": given["yield_percent"] / 100}
        return Change(how=how, **given)


class DelistForm(ReasonForm):
    """When an asset becomes cash, and why."""

    converts_at = forms.DateTimeField(
        label="Becomes cash at",
        widget=_TEXT(attrs={"placeholder": "2026-12-31 12:00:00"}),
        help_text=f"UTC, at least {DELISTING_NOTICE.days} days after the approval",
    )
    field_order = ("converts_at", "reason")


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """The catalogue, each asset with its multipliers and its delisting."""

    list_display = ("code", "name", "kind", "state", "kraken_hours", "listed_at")
    list_filter = ("kind", "status", "kraken_hours")
    search_fields = ("=code", "name", "solana_mint", "evm_address")
    ordering = ("code",)
    fields = (
        "code", "name", "kind", "state", "decimals", "underlying", "kraken_altname", "kraken_hours",
        "chains", "solana_mint", "evm_address", "note", "listed_at",
    )  # fmt: skip
    actions_detail = ("propose", "delist", "call_off")
    audited = ("assets_asset", "assets_multiplier", "assets_delisting")

    @admin.display(description="Status", ordering="status")
    def state(self, asset: Asset) -> SafeString:
        """Show the status in its colour."""
        return badge(asset.status)

    def sections(self, asset: Asset) -> Iterable[Section]:
        """Show every multiplier and delisting there ever was, and what waits for approval."""
        if PROPERTIES[Kind(asset.kind)].has_multiplier:
            yield _history(asset)
            yield waiting(
                kind=services.KIND, subject=asset.code, words=lambda each: each.payload["words"]
            )
        if delistings := list(asset.delistings.select_related("proposal")):
            yield _delistings(delistings)
        yield waiting(
            kind=services.DELISTING_KIND,
            subject=asset.code,
            words=lambda each: (
                f"{each.payload['step'].replace('_', ' ').lower()}, {each.payload['converts_at']}"
            ),
        )

    def has_propose_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right propose, where there is a multiplier to change."""
        asset = self.get_object(request, object_id or "")
        return (
            asset is not None
            and PROPERTIES[Kind(asset.kind)].has_multiplier
            and approvals.may_propose(services.KIND, user=_user(request))
        )

    @button("Propose a change of the multiplier", right="propose")
    def propose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what shall change, and put it before a second person."""
        asset = self._asset(request, object_id)

        def do(data: dict[str, Any]) -> str:
            made = services.propose_multiplier(
                code=asset.code,
                change=ChangeForm.change(data),
                activates_at=data["activates_at"],
                reason=data["reason"],
                by=_user(request),
                now=clock.now(),
            )
            wanted = made.payload
            return (
                f"Proposed: from {wanted['before']} to {wanted['multiplier']}; "
                "a second person has to approve it."
            )

        return self.ask(
            request,
            asset,
            ChangeForm(request.POST or None),
            title=f"Change the multiplier of {asset.code}",
            do=do,
            buttons=(("propose", "Propose"),),
            sections=[_history(asset)],
        )

    def has_delist_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right propose, where there is something to take out."""
        asset = self.get_object(request, object_id or "")
        return (
            asset is not None
            and Status(asset.status).buyable
            and not PROPERTIES[Kind(asset.kind)].is_cash
            and approvals.may_propose(services.DELISTING_KIND, user=_user(request))
        )

    def has_call_off_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right propose, while it can be called off."""
        asset = self.get_object(request, object_id or "")
        return (
            asset is not None
            and Status(asset.status) is Status.DELISTING
            and approvals.may_propose(services.DELISTING_KIND, user=_user(request))
        )

    @button("Propose to delist", right="delist")
    def delist(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask when what is left shall become cash, and put it before a second person."""
        asset = self._asset(request, object_id)

        def do(data: dict[str, Any]) -> str:
            services.propose_delisting(
                code=asset.code,
                converts_at=data["converts_at"],
                reason=data["reason"],
                by=_user(request),
                now=clock.now(),
            )
            return f"Proposed to delist {asset.code}; a second person has to approve it."

        return self.ask(
            request,
            asset,
            DelistForm(request.POST or None),
            title=f"Delist {asset.code}",
            do=do,
            buttons=(("propose", "Propose"),),
        )

    @button("Propose to call the delisting off", right="call_off")
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, and put it before a second person."""
        asset = self._asset(request, object_id)

        def do(data: dict[str, Any]) -> str:
            services.propose_calling_off(
                code=asset.code, reason=data["reason"], by=_user(request), now=clock.now()
            )
            return f"Proposed that {asset.code} stays; a second person has to approve it."

        return self.ask(
            request,
            asset,
            ReasonForm(request.POST or None),
            title=f"Keep {asset.code}",
            do=do,
            buttons=(("propose", "Propose"),),
        )

    def _asset(self, request: HttpRequest, object_id: str) -> Asset:
        asset: Asset | None = self.get_object(request, object_id)
        if asset is None:
            raise PermissionDenied
        return asset


def _delistings(rows: Iterable[Delisting]) -> Section:
    return Section(
        title="Delistings",
        note="Announced, it can be sold and spent but not bought; at its time what is left of it"
        " becomes cash at the last price of one shown unit.",
        head=("Announced", "Becomes cash", "", "Last price, USD", "Approval"),
        rows=[
            (
                row.announced_at,
                row.converts_at,
                badge("CALLED OFF") if row.called_off_at else badge("IN FORCE", "odd"),
                "" if row.price_usd is None else shown(row.price_usd),
                _approval(row),
            )
            for row in rows
        ],
    )


def _history(asset: Asset) -> Section:
    rows = queries.multiplier_rows(codes=[asset.code]).get(asset.code, [])
    stored = {
        row.pk: row for row in Multiplier.objects.filter(asset=asset).select_related("proposal")
    }
    tones = {Standing.IN_FORCE: "good", Standing.SCHEDULED: "odd"}
    return Section(
        title="Multipliers",
        note="Base units in the ledger times the multiplier in force are what is shown and priced.",
        head=("Takes effect", "Multiplier", "", "Decided at", "Approval"),
        rows=[
            (row.activates_at, shown(row.multiplier), badge(standing, tones.get(standing, "")),
             row.created_at, _approval(stored[row.id]))
            for row, standing in standings(rows, clock.now())
        ],
    )  # fmt: skip


def _approval(row: Multiplier | Delisting) -> SafeString:
    if row.proposal is None:
        return SafeString("")
    return page_of("approvals.proposal", row.proposal.pk, row.proposal.shown_id)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
