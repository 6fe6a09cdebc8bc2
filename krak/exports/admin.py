"""Staff see which files were asked for, and why one did not come; never what is in them."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.exports.models import Export


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    """Exports."""

    list_display = ("shown_id", "kind", "customer", "rows_done", "rows_total", "failure")
    list_filter = ("kind", ("finished_at", admin.EmptyFieldListFilter))
    list_select_related = ("customer",)
    search_fields = ("customer__user__email",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "kind", "params", "steps", "rows_done", "rows_total", "size",
        "failure", "created_at", "started_at", "finished_at", "failed_at", "expires_at",
    )  # fmt: skip
