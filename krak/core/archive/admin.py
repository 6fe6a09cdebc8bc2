"""Staff see which rows lie in which file."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.core.archive.models import Archive


@admin.register(Archive)
class ArchiveAdmin(ReadOnlyAdmin):
    """Files of the archive; `manage.py archives` brings rows back."""

    list_display = ("day", "kind", "rows", "size", "written_at", "dropped_at", "restored_until")
    list_filter = ("kind",)
    ordering = ("-day", "kind")
