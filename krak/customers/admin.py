"""Staff look up who signs in. The customer's page is in `krak/backoffice/admin.py`."""

from django.contrib import admin
from django.contrib.auth.models import Group

from krak.core.admin import ReadOnlyAdmin
from krak.customers.models import User

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
