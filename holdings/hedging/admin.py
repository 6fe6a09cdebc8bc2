"""Staff see where the house stands, set limits, hedge and cancel by hand."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.forms import ActionForm
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextInputWidget

from fx.assets.queries import UnknownAsset, facts
from fx.prices import live
from holdings.hedging import queries, services
from holdings.hedging.models import (
    HedgeFill,
    HedgeOrder,
    OrderState,
    RiskLimit,
    RiskState,
    VenueInstrument,
)
from holdings.hedging.queries import Standing
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, Section, amount_column, badge, link_to, shown
from krak.core.errors import DomainError
from krak.core.money import nearest_to

NEWEST = 20
_TONES = {
    OrderState.FILLED: "good", OrderState.PARTLY_FILLED: "odd", OrderState.UNKNOWN: "bad",
    OrderState.REJECTED: "bad", OrderState.SENT: "odd", OrderState.INTENDED: "odd",
}  # fmt: skip


def _usd_column(name: str, label: str) -> Callable[..., str]:
    """Return a column that shows an amount of dollars."""

    @admin.display(description=label, ordering=name)
    def column(_page: Any, row: Any) -> str:
        return shown(getattr(row, name), "USD")

    return column


class ReasonForm(ActionForm):  # type: ignore[misc]
    """An action, and why it is taken."""

    reason = forms.CharField(
        label="", required=False, max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Reason"}),
    )  # fmt: skip


class _ActsWithReason(ReadOnlyAdmin):
    """Rows that nobody edits, with actions that say why."""

    action_form = ReasonForm

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Let staff act who may change the table."""
        return request.user.has_perm(f"hedging.change_{self.opts.model_name}")

    def _each(self, request: HttpRequest, rows: Iterable[Any], act: Callable[..., Any]) -> None:
        """Act on each row with the reason, and say what was refused."""
        reason = request.POST.get("reason", "")
        for row in rows:
            try:
                act(row, reason)
            except DomainError as refusal:
                self.message_user(request, f"{row}: {refusal.detail}", "ERROR")
            else:
                self.message_user(request, f"{row}: done.")


class ExposureList(ChangeList):  # type: ignore[misc]
    """A page of states, each with where the house stands in it now."""

    def get_results(self, request: HttpRequest) -> None:
        """Add the standings, computed once for the page."""
        super().get_results(request)
        states: list[Any] = list(self.result_list)  # type: ignore[has-type]
        found = queries.standings(states, board=live.current(), now=clock.now())
        for state in states:
            state.standing = found[state.asset]
        self.result_list = states


@admin.register(RiskState)
class RiskStateAdmin(_ActsWithReason):
    """Exposure by asset."""

    list_display = (
        "asset", "position", "usd", "band", "open_hedge", "in_force", "realised", "unrealised",
        "taken_over_at",
    )  # fmt: skip
    search_fields = ("asset",)
    ordering = ("asset",)
    actions = ("hedge_now",)
    fields = (
        "asset", "position", "usd", "target", "band", "open_hedge", "in_force", "measures_at",
        "inventory_now", "hedged", "cost", "realised", "unrealised", "taken_over_at",
    )  # fmt: skip

    cost = _usd_column("cost_usd", "cost")
    realised = _usd_column("realised_usd", "realised")

    def get_changelist(self, request: HttpRequest, **_options: Any) -> type[ChangeList]:
        """Show standings beside the states."""
        return ExposureList

    @admin.display(description="Position, shown units")
    def position(self, state: RiskState) -> str:
        """Show what the house is long, or short below zero."""
        return shown(_standing(state).shown_units)

    @admin.display(description="Worth")
    def usd(self, state: RiskState) -> str:
        """Show its worth at the board's middle."""
        return _dollars(_standing(state).usd) or "no price"

    @admin.display(description="Target, base units")
    def target(self, state: RiskState) -> str:
        """Show where hedging brings it."""
        limit = _standing(state).limit
        return shown(limit.target) if limit else "no limit"

    @admin.display(description="Band")
    def band(self, state: RiskState) -> str:
        """Show how far it may be from its target."""
        limit = _standing(state).limit
        return shown(limit.band, "USD") if limit else "no limit"

    @admin.display(description="Open hedge")
    def open_hedge(self, state: RiskState) -> SafeString:
        """Link the order that has not ended."""
        found = _standing(state).open_order
        return link_to(found.order) if found else SafeString("")

    @admin.display(description="In force")
    def in_force(self, state: RiskState) -> SafeString:
        """Show the measures as words."""
        words = []
        if state.widen_bps:
            words.append(badge(f"{state.widen_bps} bps wider", "odd"))
        if state.stop_buying:
            words.append(badge("buying stopped", "bad"))
        if state.stop_selling:
            words.append(badge("selling stopped", "bad"))
        return format_html_join(" ", "{}", ((word,) for word in words))

    @admin.display(description="INVENTORY now, base units")
    def inventory_now(self, state: RiskState) -> str:
        """Show the ledger's balance."""
        return shown(_standing(state).exposure.inventory)

    @admin.display(description="Hedged, base units")
    def hedged(self, state: RiskState) -> str:
        """Show what fills have added or taken away."""
        return shown(_standing(state).exposure.hedged)

    @admin.display(description="Unrealised")
    def unrealised(self, state: RiskState) -> str:
        """Show what closing the position at the middle would make."""
        return _dollars(_standing(state).unrealised)

    @admin.action(description="Hedge now", permissions=["act"])
    def hedge_now(self, request: HttpRequest, states: QuerySet[RiskState]) -> None:
        """Bring these assets to their targets though they are within their bands."""

        def act(state: RiskState, reason: str) -> None:
            services.hedge_now(
                asset=state.asset,
                reason=reason,
                by=request.user,  # type: ignore[arg-type]
                now=clock.now(),
            )

        self._each(request, states, act)

    def sections(self, state: RiskState) -> Iterable[Section]:
        """Show the newest orders and fills of the asset."""
        yield Section(
            title="Newest orders",
            head=("When", "Order", "State", "Limit", "Reason", "Last error"),
            rows=[
                (o.created_at, link_to(o), _state_badge(o), shown(o.limit_price, "USD"), o.reason,
                 o.last_error)
                for o in HedgeOrder.objects.filter(asset=state.asset).order_by("-id")[:NEWEST]
            ],
        )  # fmt: skip
        yield _fills(HedgeFill.objects.filter(asset=state.asset).order_by("-id")[:NEWEST])


@admin.register(HedgeOrder)
class HedgeOrderAdmin(_ActsWithReason):
    """What was ordered, where, why, and what became of it."""

    list_display = (
        "created_at", "asset", "side", "quantity_shown", "limit_shown", "venue", "state_shown",
        "reason", "ended_at",
    )  # fmt: skip
    list_filter = ("state", "venue", "side", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("asset", "venue_order_id")
    ordering = ("-id",)
    actions = ("cancel",)
    fields = (
        "shown_id", "client_id", "asset", "side", "quantity_shown", "multiplier", "limit_shown",
        "venue", "pair", "venue_order_id", "state_shown", "reason", "asked_by", "cancel_reason",
        "cancel_asked_by", "last_error", "created_at", "deadline", "sent_at", "ended_at",
    )  # fmt: skip

    quantity_shown = amount_column("quantity", currency="asset")

    @admin.display(description="Limit")
    def limit_shown(self, order: HedgeOrder) -> str:
        """Show the worst price allowed."""
        return "market" if order.limit_price is None else shown(order.limit_price, "USD")

    @admin.display(description="State", ordering="state")
    def state_shown(self, order: HedgeOrder) -> SafeString:
        """Show the state in its colour."""
        return _state_badge(order)

    @admin.action(description="Cancel", permissions=["act"])
    def cancel(self, request: HttpRequest, orders: QuerySet[HedgeOrder]) -> None:
        """End these orders."""

        def act(order: HedgeOrder, reason: str) -> None:
            services.cancel(
                order_id=order.id,
                reason=reason,
                by=request.user,  # type: ignore[arg-type]
                now=clock.now(),
            )

        self._each(request, orders, act)

    def sections(self, order: HedgeOrder) -> Iterable[Section]:
        """Show what was filled."""
        yield _fills(order.fills.order_by("id"))


@admin.register(HedgeFill)
class HedgeFillAdmin(ReadOnlyAdmin):
    """What venues filled."""

    list_display = (
        "filled_at", "asset", "side", "quantity_shown", "price_shown", "cost_shown", "fee_shown",
        "venue", "venue_fill_id",
    )  # fmt: skip
    list_filter = ("venue", "side")
    search_fields = ("asset", "venue_fill_id")
    ordering = ("-id",)

    quantity_shown = amount_column("quantity", currency="asset")
    price_shown = _usd_column("price", "price")
    cost_shown = _usd_column("cost", "cost")
    fee_shown = _usd_column("fee", "fee")


class RiskLimitForm(ModelForm):  # type: ignore[type-arg]
    """A limit of one asset or of a kind."""

    class Meta:
        model = RiskLimit
        fields = (
            "asset", "kind", "target_units", "band_usd", "widen_at_usd", "widen_bps",
            "stop_at_usd", "slip_bps", "reason", "effective_at",
        )  # fmt: skip

    def clean_asset(self) -> str:
        """Refuse an asset that nobody lists."""
        code = str(self.cleaned_data["asset"])
        if code:
            try:
                facts(code)
            except UnknownAsset as refusal:
                raise forms.ValidationError(refusal.title) from None
        return code


@admin.register(RiskLimit)
class RiskLimitAdmin(ReadOnlyAdmin):
    """Limits: a change is a new row with its own beginning, never an edit."""

    audited = ("hedging_risklimit",)
    form = RiskLimitForm
    list_display = (
        "effective_at", "asset", "kind", "target_units", "band_usd", "widen_at_usd", "widen_bps",
        "stop_at_usd", "slip_bps", "reason", "created_by",
    )  # fmt: skip
    list_filter = ("kind",)
    search_fields = ("asset",)
    list_select_related = ("created_by",)
    ordering = ("-effective_at", "-id")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add limits add one."""
        return request.user.has_perm("hedging.add_risklimit")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin now."""
        return {"effective_at": clock.now()}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Add the limit; it never begins before it was written, so history stays as it was."""
        obj.effective_at = max(obj.effective_at, clock.now())
        obj.created_by = request.user
        obj.save(force_insert=True)


@admin.register(VenueInstrument)
class VenueInstrumentAdmin(ReadOnlyAdmin):
    """What may be ordered where."""

    list_display = (
        "asset", "venue", "pair", "quantity_places", "tick", "minimum_quantity", "minimum_cost",
        "tokenized", "updated_at",
    )  # fmt: skip
    list_filter = ("venue", "tokenized")
    search_fields = ("asset", "pair")
    ordering = ("asset",)


def _standing(state: RiskState) -> Standing:
    """Return where the house stands; a page of one row computes it once for the row."""
    found: Standing | None = getattr(state, "standing", None)
    if found is None:
        found = queries.standings([state], board=live.current(), now=clock.now())[state.asset]
        state.standing = found  # type: ignore[attr-defined]
    return found


def _dollars(amount: Decimal | None) -> str:
    return "" if amount is None else shown(nearest_to(amount, 2), "USD")


def _state_badge(order: HedgeOrder) -> SafeString:
    return badge(order.state, _TONES.get(OrderState(order.state), ""))


def _fills(fills: Iterable[HedgeFill]) -> Section:
    return Section(
        title="Fills",
        head=("When", "Side", "Quantity", "Price", "Cost", "Fee", "At the venue"),
        rows=[
            (f.filled_at, f.side, shown(f.quantity, f.asset), shown(f.price, "USD"),
             shown(f.cost, "USD"), shown(f.fee, "USD"), f.venue_fill_id)
            for f in fills
        ],
    )  # fmt: skip
