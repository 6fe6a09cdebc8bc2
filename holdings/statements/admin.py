"""Staff see which statements were issued."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from holdings.statements.models import Statement
from krak.core.admin import ReadOnlyAdmin


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    """Statements as they were issued."""

    list_display = ("month_on", "customer", "first_sequence", "last_sequence", "issued_at")
    list_filter = ("month_on",)
    list_select_related = ("customer",)
    search_fields = ("customer__user__email",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "month_on", "first_sequence", "last_sequence", "facts", "issued_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        """Leave what they say out of the list."""
        found: QuerySet[Statement] = super().get_queryset(request)
        return (
            found
            if request.resolver_match and request.resolver_match.kwargs
            else found.defer("facts")
        )
