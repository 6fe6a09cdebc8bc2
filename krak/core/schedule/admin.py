"""Staff see which jobs ran, and why one did not finish."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.core.schedule.models import Run


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Finished, running and failed runs."""

    list_display = ("slot", "job", "attempts", "started_at", "finished_at", "last_error")
    list_filter = ("job", ("finished_at", admin.EmptyFieldListFilter))
    ordering = ("-slot", "job")
