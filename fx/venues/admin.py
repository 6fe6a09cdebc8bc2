"""Staff halt an asset, let it go on, widen its spread, and keep the calendar."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString

from fx.venues import services
from fx.venues.models import Halt, MarketHoliday, TradingSession, Widening
from fx.venues.rules import Reason, Sides
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, StaffAdmin, badge
from krak.core.transactions import transaction


class HaltForm(ModelForm):  # type: ignore[type-arg]
    """What to stop, why, and until when."""

    class Meta:
        model = Halt
        fields = ("asset", "sides", "reason", "note", "until_at")

    def clean_until_at(self) -> Any:
        """Refuse an end that has passed."""
        until_at = self.cleaned_data["until_at"]
        if until_at is not None and until_at <= clock.now():
            raise forms.ValidationError(services.HaltAlreadyOver.title)
        return until_at


class _Orders(ReadOnlyAdmin):
    """What can be ordered and ended, and is never changed."""

    list_filter = ("reason", ("until_at", admin.EmptyFieldListFilter))
    search_fields = ("=asset__code",)
    list_select_related = ("asset",)
    ordering = ("-from_at",)

    @admin.display(description="State")
    def state(self, row: Any) -> SafeString:
        """Show whether it is in force."""
        over = row.until_at is not None and row.until_at <= clock.now()
        return badge("over", "") if over else badge("in force", "odd")


@admin.register(Halt)
class HaltAdmin(_Orders):
    """Who may not trade what: a new row stops trading within seconds."""

    audited = ("venues_halt",)
    form = HaltForm
    list_display = ("asset", "sides", "reason", "note", "state", "from_at", "until_at")
    fields = ("asset", "sides", "reason", "note", "from_at", "until_at")
    add_fields = HaltForm.Meta.fields
    actions = ("resume",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may halt do so."""
        return request.user.has_perm("venues.add_halt")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave the beginning of a new halt to the clock."""
        return self.fields if obj else self.add_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Order the halt."""
        made = services.halt(
            code=obj.asset.code,
            reason=Reason(obj.reason),
            note=obj.note,
            sides=Sides(obj.sides),
            now=clock.now(),
            until=obj.until_at,
        )
        obj.pk = made.pk

    @admin.action(description="Let it trade again", permissions=["add"])
    def resume(self, request: HttpRequest, halts: QuerySet[Halt]) -> None:
        """End all halts of these assets for these reasons."""
        now = clock.now()
        named = set(halts.values_list("asset__code", "reason"))
        with transaction():
            for code, reason in sorted(named):
                services.resume(code=code, reason=Reason(reason), now=now)
        for code, reason in sorted(named):
            said = Reason(reason).lower().replace("_", " ")
            self.message_user(request, f"{code} is no longer halted for {said}.")


@admin.register(Widening)
class WideningAdmin(_Orders):
    """Whose spread is wider than the market's: a new row replaces the one of the same reason."""

    audited = ("venues_widening",)
    list_display = ("asset", "bps", "reason", "state", "from_at", "until_at")
    fields = ("asset", "bps", "reason", "from_at", "until_at")
    actions = ("end",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may widen do so."""
        return request.user.has_perm("venues.add_widening")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave the moments to the clock."""
        return self.fields if obj else ("asset", "bps", "reason")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Order the widening."""
        services.widen(code=obj.asset.code, reason=Reason(obj.reason), bps=obj.bps, now=clock.now())
        standing = Widening.objects.get(asset=obj.asset, reason=obj.reason, until_at=None)
        obj.pk = standing.pk

    @admin.action(description="End", permissions=["add"])
    def end(self, request: HttpRequest, widenings: QuerySet[Widening]) -> None:
        """End the widenings of these assets for these reasons."""
        now = clock.now()
        named = set(widenings.values_list("asset__code", "reason"))
        with transaction():
            for code, reason in sorted(named):
                services.widen(code=code, reason=Reason(reason), bps=0, now=now)


@admin.register(TradingSession)
class TradingSessionAdmin(StaffAdmin):
    """When venues trade."""

    audited = ("venues_tradingsession",)
    list_display = ("hours", "opens_day", "opens_at", "closes_day", "closes_at")


@admin.register(MarketHoliday)
class MarketHolidayAdmin(StaffAdmin):
    """Days with a wide spread for shares that trade 24/5."""

    audited = ("venues_marketholiday",)
    list_display = ("on", "name")
    search_fields = ("name",)
    date_hierarchy = "on"
