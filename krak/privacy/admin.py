"""Staff see who was erased, and until when facts about them are kept; not the facts."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.privacy.models import Erasure, SealedFacts


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Erasures."""

    list_display = ("shown_id", "customer", "erased_at", "swept_at")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = ("shown_id", "customer", "rows", "erased_at", "swept_at")


@admin.register(SealedFacts)
class SealedFactsAdmin(ReadOnlyAdmin):
    """What is kept, by when it goes."""

    list_display = ("customer", "keep_until")
    list_select_related = ("customer",)
    ordering = ("keep_until",)
    fields = ("customer", "keep_until")
