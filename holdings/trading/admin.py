"""Staff read trades and what makes them."""

from collections.abc import Iterable

from django.contrib import admin
from django.utils.safestring import SafeString

from holdings.trading.models import (
    AutoConvertRule,
    AutoConvertRun,
    Order,
    RecurringBuy,
    RecurringRun,
    Trade,
)
from krak.core.admin import ReadOnlyAdmin, Section, amount_column, badge, link_to, shown

PEOPLE = ("customer__name", "customer__user__email")


@admin.register(Trade)
class TradeAdmin(ReadOnlyAdmin):
    """Conversions that were done."""

    list_display = ("executed_at", "shown_id", "customer", "sold", "bought", "gain_shown")
    list_filter = ("quote__source",)
    search_fields = PEOPLE
    list_select_related = ("customer", "quote")
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "sold", "bought", "earned", "gain_shown", "executed_at", "quote",
        "entry",
    )  # fmt: skip

    gain_shown = amount_column("gain", currency="gain_currency")

    @admin.display(description="Sold")
    def sold(self, trade: Trade) -> str:
        """Show what was sold in all, in base units."""
        return shown(trade.quote.sell_units, trade.quote.sell_currency)

    @admin.display(description="Bought")
    def bought(self, trade: Trade) -> str:
        """Show what was bought, in base units."""
        return shown(trade.quote.buy_units, trade.quote.buy_currency)

    @admin.display(description="Fee and spread")
    def earned(self, trade: Trade) -> str:
        """Show what of the sold asset is ours."""
        quote = trade.quote
        return f"{shown(quote.fee)} + {shown(quote.spread, quote.sell_currency)}"


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Limit orders; amounts are base units."""

    list_display = (
        "created_at", "shown_id", "customer", "side", "units_shown", "limit_shown", "state_shown",
    )  # fmt: skip
    list_filter = (
        "side", ("trade", admin.EmptyFieldListFilter), ("canceled_at", admin.EmptyFieldListFilter),
    )  # fmt: skip
    search_fields = (*PEOPLE, "=asset", "=against")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "side", "units_shown", "limit_price", "limit_shown", "state_shown",
        "cancel_reason", "canceled_at", "trade", "created_at",
    )  # fmt: skip

    units_shown = amount_column("units", currency="asset", label="quantity")
    limit_shown = amount_column("limit_units", currency="against", label="limit in all")

    @admin.display(description="State")
    def state_shown(self, order: Order) -> SafeString:
        """Show what has become of it."""
        return badge(order.state)


@admin.register(RecurringBuy)
class RecurringBuyAdmin(ReadOnlyAdmin):
    """Recurring buys and what came of each slot."""

    list_display = (
        "created_at", "shown_id", "customer", "buy", "amount_shown", "frequency", "next_at",
        "state_shown",
    )  # fmt: skip
    list_filter = ("frequency",)
    search_fields = (*PEOPLE, "=buy", "=pay_with")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "buy", "amount_shown", "frequency", "starts_on", "at", "time_zone",
        "next_on", "next_at", "state_shown", "paused_at", "canceled_at", "created_at",
    )  # fmt: skip

    amount_shown = amount_column("amount", currency="pay_with")

    @admin.display(description="State")
    def state_shown(self, plan: RecurringBuy) -> SafeString:
        """Show what it is doing."""
        return badge(plan.state)

    def sections(self, plan: RecurringBuy) -> Iterable[Section]:
        """Show the newest runs."""
        newest = plan.runs.order_by("-id").select_related("trade__quote")[:20]
        yield Section(
            title="Newest runs",
            head=("Slot", "Outcome", "Reason", "Trade", "When"),
            rows=[
                (run.slot_on, badge(run.outcome), run.reason, link_to(run.trade, "trade"),
                 run.ran_at)
                for run in newest
            ],
        )  # fmt: skip


@admin.register(RecurringRun)
class RecurringRunAdmin(ReadOnlyAdmin):
    """Slots of recurring buys: traded, or skipped and why."""

    list_display = ("ran_at", "shown_id", "customer", "slot_on", "outcome", "reason")
    list_filter = ("outcome", "reason")
    search_fields = PEOPLE
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "plan", "slot_on", "outcome", "reason", "trade", "ran_at",
    )  # fmt: skip


@admin.register(AutoConvertRule)
class AutoConvertRuleAdmin(ReadOnlyAdmin):
    """What customers have made of incoming money."""

    list_display = ("shown_id", "customer", "currency", "into", "share_bps", "minimum_shown")
    search_fields = (*PEOPLE, "=currency", "=into")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "currency", "into", "share_bps", "minimum_shown", "changed_at",
        "created_at",
    )  # fmt: skip

    minimum_shown = amount_column("minimum")


@admin.register(AutoConvertRun)
class AutoConvertRunAdmin(ReadOnlyAdmin):
    """What rules made of incoming money."""

    list_display = ("ran_at", "shown_id", "customer", "units_shown", "into", "outcome", "reason")
    list_filter = ("outcome", "reason")
    search_fields = (*PEOPLE, "cause")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "cause", "units_shown", "into", "outcome", "reason", "trade",
        "ran_at",
    )  # fmt: skip

    units_shown = amount_column("units")
