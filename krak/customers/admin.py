"""Staff look up people."""

from django.contrib import admin
from django.contrib.auth.models import Group

from krak.core.admin import ReadOnlyAdmin
from krak.customers.models import Customer, User

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Who can sign in."""

    list_display = ("email", "is_active", "is_staff", "created_at")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email",)
    ordering = ("-created_at",)
    fields = ("id", "email", "is_active", "is_staff", "is_superuser", "created_at", "last_login")


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin):
    """Whose money we keep."""

    list_display = (
        "name",
        "shown_id",
        "user",
        "country",
        "home_currency",
        "frozen_at",
        "created_at",
    )
    list_filter = ("country", "home_currency")
    search_fields = ("name", "user__email", "card__last4", "card__stripe_id")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    fields = ("shown_id", "name", "user", "country", "home_currency", "frozen_at", "created_at")
