"""Staff see where people are signed in; nobody sees or changes their credentials."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.identity.models import Device, Proof

# Their own pages would let staff verify an address or take a second factor away.
for table in (EmailAddress, Authenticator):
    admin.site.unregister(table)


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    """Devices."""

    list_display = ("name", "user", "platform", "address", "created_at", "last_seen_at", "ended_at")
    list_filter = ("platform", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("user__email", "address")
    list_select_related = ("user",)
    ordering = ("-last_seen_at",)
    fields = (
        "shown_id", "user", "name", "platform", "user_agent", "address", "created_at",
        "last_seen_at", "ended_at",
    )  # fmt: skip


@admin.register(Proof)
class ProofAdmin(ReadOnlyAdmin):
    """Step-ups."""

    list_display = ("created_at", "user", "action", "method", "used_at", "expires_at")
    list_filter = ("action", "method")
    search_fields = ("user__email",)
    list_select_related = ("user",)
    ordering = ("-id",)
    fields = ("shown_id", "user", "action", "method", "created_at", "expires_at", "used_at")
