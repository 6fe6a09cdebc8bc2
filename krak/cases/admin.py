"""The queue of oddities: take one, note what was found, close it with a reason."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm, ValidationError
from django.http import HttpRequest

from krak.cases import services
from krak.cases.models import Case, Status
from krak.core import clock
from krak.core.admin import StaffAdmin


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


@admin.register(Case)
class CaseAdmin(StaffAdmin):
    """Open cases first, oldest first."""

    form = CaseForm
    audited = ("cases_case",)
    list_display = ("kind", "subject", "customer", "status", "assigned_to", "opened_at")
    list_filter = ("status", "kind", "assigned_to")
    search_fields = ("subject", "customer__name", "customer__user__email")
    list_select_related = ("customer", "assigned_to")
    ordering = ("-status", "opened_at")
    readonly_fields = (
        "kind", "subject", "customer", "details", "status", "opened_at", "closed_at",
    )  # fmt: skip
    fields = (*readonly_fields, "assigned_to", "notes", "closing_reason")
    actions = ("take",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: cases are opened by the engine."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: cases are closed, not deleted."""
        return False

    @admin.action(description="Assign to me", permissions=["change"])
    def take(self, request: HttpRequest, cases: QuerySet[Case]) -> None:
        """Make the signed-in member of staff the owner of these cases."""
        cases.filter(status=Status.OPEN).update(assigned_to=request.user)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Keep notes and owner; with a reason, close."""
        Case.objects.filter(id=obj.id, status=Status.OPEN).update(
            assigned_to=obj.assigned_to, notes=obj.notes
        )
        if obj.closing_reason:
            services.close_case(case_id=obj.id, reason=obj.closing_reason, now=clock.now())
