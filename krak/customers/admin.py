"""Staff look up who signs in, and decide verifications.

The customer's page is in `krak/backoffice/admin.py`.
"""

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.auth.models import Group
from django.forms import CharField, ChoiceField, ModelForm, ValidationError
from django.http import HttpRequest
from django_subatomic.db import transaction_if_not_already

from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, StaffAdmin
from krak.customers import services
from krak.customers.models import KycRule, Tag, Terms, User, Verification, VerificationState

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Who can sign in."""

    audited = ("customers_user", "customers_user_groups", "customers_user_user_permissions")
    list_display = ("email", "is_active", "is_staff", "created_at")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email",)
    ordering = ("-created_at",)
    fields = ("id", "email", "is_active", "is_staff", "is_superuser", "created_at", "last_login")


class DecisionForm(ModelForm):  # type: ignore[type-arg]
    """What the member of staff found, and why."""

    decision = ChoiceField(choices=[("", "—"), ("approve", "Approve"), ("reject", "Reject")])
    why = CharField(max_length=200, help_text="The customer reads the reason of a rejection.")

    class Meta:
        model = Verification
        fields: ClassVar[list[str]] = []

    def clean(self) -> dict[str, Any]:
        """Refuse to decide what is not in review."""
        if self.instance.state != VerificationState.IN_REVIEW:
            raise ValidationError("This verification is not in review.")
        return super().clean() or {}


@admin.register(Verification)
class VerificationAdmin(StaffAdmin):
    """The review queue: oldest first; who decides says why."""

    form = DecisionForm
    list_display = ("submitted_at", "customer", "level", "state", "provider", "decided_by")
    list_filter = ("state", "level", "provider")
    search_fields = ("customer__name", "customer__user__email", "provider_reference")
    list_select_related = ("customer", "decided_by")
    ordering = ("-state", "submitted_at")
    readonly_fields = (
        "shown_id", "customer", "level", "state", "provider", "provider_reference", "person",
        "documents", "reason", "decided_by", "started_at", "submitted_at", "decided_at",
        "expires_at",
    )  # fmt: skip
    fields = (*readonly_fields, "decision", "why")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for a decision only where there is one to make."""
        return self.fields if self.has_change_permission(request, obj) else self.readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: customers start them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: nothing is deleted."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who may decide do so while it is in review."""
        may = request.user.has_perm("customers.decide_verification")
        return may and (obj is None or obj.state == VerificationState.IN_REVIEW)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Decide."""
        with transaction_if_not_already():
            services.decide(
                verification_id=obj.id,
                approved=form.cleaned_data["decision"] == "approve",
                reason=form.cleaned_data["why"],
                by=cast("User", request.user),
                now=clock.now(),
            )


@admin.register(KycRule)
class KycRuleAdmin(ReadOnlyAdmin):
    """What levels allow: a change is a new row with its own beginning, never an edit."""

    list_display = ("act", "level", "allowed", "per_day", "per_month", "currency", "effective_at")
    list_filter = ("act", "level")
    ordering = ("act", "level", "-effective_at")
    fields = ("level", "act", "allowed", "currency", "per_day", "per_month", "effective_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add rules add one."""
        return request.user.has_perm("customers.add_kycrule")


@admin.register(Terms)
class TermsAdmin(ReadOnlyAdmin):
    """Versions of terms: a change is a new row with its own beginning, never an edit."""

    list_display = ("kind", "version", "title", "effective_at")
    list_filter = ("kind",)
    ordering = ("kind", "-effective_at")
    fields = ("kind", "version", "title", "url", "effective_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add terms add a version."""
        return request.user.has_perm("customers.add_terms")


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    """Tags, now and before."""

    list_display = ("tag", "customer", "claimed_at", "released_at", "held")
    list_filter = ("held", ("released_at", admin.EmptyFieldListFilter))
    search_fields = ("tag", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-claimed_at",)
    fields = ("tag", "customer", "skeleton", "claimed_at", "released_at", "held")
