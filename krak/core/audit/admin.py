"""Staff read what was changed; the page of each row shows its own part."""

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from krak.core.admin import ReadOnlyAdmin
from krak.core.audit.models import RowChange


@admin.register(RowChange)
class RowChangeAdmin(ReadOnlyAdmin):
    """All changes, newest first."""

    list_display = ("at", "table", "row", "operation", "actor", "reason")
    list_filter = ("table", "operation")
    search_fields = ("=row", "=actor", "=request_id")
    ordering = ("-at",)
    fields = (
        "at", "table", "row", "operation", "what", "actor", "reason", "request_id", "database_role",
    )  # fmt: skip

    @admin.display(description="Before and after")
    def what(self, change: RowChange) -> SafeString:
        """Show the columns that changed."""
        return format_html("<pre>{}</pre>", json.dumps(change.changed, indent=2, sort_keys=True))
