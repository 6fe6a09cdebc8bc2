"""The queue of oddities: take one, note what was found, close it with a reason."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm, ValidationError
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString

from krak.cases import services
from krak.cases.models import Case, Status
from krak.core import clock
from krak.core.admin import Section, StaffAdmin, badge, link_to, page_of

OLD: Final = timedelta(days=1)


class CaseForm(ModelForm):  # type: ignore[type-arg]
    """Notes, owner and reason; a reason closes the case."""

    class Meta:
        model = Case
        fields = ("assigned_to", "notes", "closing_reason")

    def clean(self) -> dict[str, Any]:
        """Refuse to change what is closed."""
        if self.instance.status == Status.CLOSED:
            raise ValidationError("This case is closed.")
        return super().clean() or {}


class OwnerFilter(admin.SimpleListFilter):
    """Whose cases: mine, nobody's, somebody else's."""

    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Offer the three."""
        return (("mine", "Mine"), ("nobody", "Nobody's"), ("others", "Somebody else's"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Choose by the owner."""
        match self.value():
            case "mine":
                return queryset.filter(assigned_to_id=request.user.pk)
            case "nobody":
                return queryset.filter(assigned_to=None)
            case "others":
                return queryset.exclude(assigned_to=None).exclude(assigned_to_id=request.user.pk)
            case _:
                return queryset


class StatusFilter(admin.SimpleListFilter):
    """The queue is what is open; what is closed is asked for."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Offer what is not the usual."""
        return (("closed", "Closed"), ("all", "All"))

    def choices(self, changelist: Any) -> Any:
        """Call the usual by its name."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": "Open"} if number == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Choose by whether somebody still has to do something."""
        match self.value():
            case "closed":
                return queryset.filter(status=Status.CLOSED)
            case "all":
                return queryset
            case _:
                return queryset.filter(status=Status.OPEN)


@admin.register(Case)
class CaseAdmin(StaffAdmin):
    """Open cases, oldest first."""

    form = CaseForm
    audited = ("cases_case",)
    list_display = ("what", "subject", "customer_page", "about_page", "age", "assigned_to", "state")
    list_display_links = ("what",)
    list_filter = (StatusFilter, OwnerFilter, "kind")
    search_fields = ("subject", "customer__name", "customer__user__email")
    list_select_related = ("customer", "assigned_to")
    ordering = ("opened_at", "id")
    readonly_fields = (
        "what", "state", "age", "subject", "customer_page", "about_page", "opened_at", "closed_at",
    )  # fmt: skip
    fields = (*readonly_fields, "assigned_to", "notes", "closing_reason")
    actions = ("take", "give_back")

    @admin.display(description="Case", ordering="kind")
    def what(self, case: Case) -> str:
        """Show the kind in words."""
        return case.kind.replace(".", ": ").replace("_", " ")

    @admin.display(description="Customer", ordering="customer")
    def customer_page(self, case: Case) -> SafeString:
        """Link to whom it concerns."""
        return link_to(case.customer)

    @admin.display(description="About")
    def about_page(self, case: Case) -> SafeString | str:
        """Link to the row that the case is about, where it has a page."""
        try:
            model, pk = case.details["about"]
            return page_of(model, pk, model.partition(".")[2])
        except (KeyError, NoReverseMatch):
            return ""

    @admin.display(description="Age", ordering="opened_at")
    def age(self, case: Case) -> SafeString | str:
        """Show how long it was or has been open; what waits over a day stands out."""
        lasted = (case.closed_at or clock.now()) - case.opened_at
        hours, minutes = divmod(int(lasted.total_seconds()) // 60, 60)
        text = f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h {minutes} min"  # noqa: PLR2004
        return badge(text, "bad") if lasted > OLD and case.closed_at is None else text

    @admin.display(description="Status", ordering="status")
    def state(self, case: Case) -> SafeString:
        """Show the status in its colour."""
        return badge(case.status, "odd" if case.status == Status.OPEN else "good")

    def sections(self, case: Case) -> Iterable[Section]:
        """Show what was found."""
        yield Section(
            title="What was found",
            head=("What", "Value"),
            rows=[
                (name.replace("_", " "), value)
                for name, value in case.details.items()
                if name != "about" and value is not None and value != ""
            ],
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: cases are opened by the engine."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: cases are closed, not deleted."""
        return False

    @admin.action(description="Assign to me", permissions=["change"])
    def take(self, request: HttpRequest, cases: QuerySet[Case]) -> None:
        """Make the signed-in member of staff the owner of these cases."""
        self._assign(request, cases, request.user)

    @admin.action(description="Give back to the queue", permissions=["change"])
    def give_back(self, request: HttpRequest, cases: QuerySet[Case]) -> None:
        """Leave these cases to whoever takes them."""
        self._assign(request, cases, None)

    def _assign(self, request: HttpRequest, cases: QuerySet[Case], owner: Any) -> None:
        changed = services.assign(
            case_ids=[case.id for case in cases], owner_id=owner.pk if owner else None
        )
        for case in changed:
            self.log_change(request, case, f"assigned to {owner}" if owner else "given back")
        self.message_user(request, f"{len(changed)} open cases changed.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep notes and owner; with a reason, close."""
        services.work_on(
            case_id=obj.id,
            owner_id=obj.assigned_to_id,
            notes=obj.notes,
            closing_reason=obj.closing_reason,
            now=clock.now(),
        )
