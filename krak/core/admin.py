"""What every page of the back office has in common."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from krak.core.ids import MalformedId, read


class StaffAdmin(ModelAdmin):  # type: ignore[misc]
    """Lists of 50, newest first, and search that understands the ids clients see."""

    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find by shown id as well as by the declared fields."""
        prefix, _separator, _rest = search_term.strip().rpartition("_")
        if prefix:
            try:
                wanted = read(prefix, search_term.strip())
            except MalformedId:
                pass
            else:
                return queryset.filter(pk=wanted), False
        return super().get_search_results(request, queryset, search_term)


class ReadOnlyAdmin(StaffAdmin):
    """A table that staff read and nobody edits by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are made by services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are changed by services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: nothing is deleted."""
        return False


def as_table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> SafeString:
    """Return a small HTML table; every cell is escaped."""
    cell = "padding:4px 12px 4px 0;text-align:left;vertical-align:top"
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", '<th style="{}">{}</th>', ((cell, name) for name in head)),
        format_html_join(
            "",
            "<tr>{}</tr>",
            (
                (format_html_join("", '<td style="{}">{}</td>', ((cell, value) for value in row)),)
                for row in rows
            ),
        ),
    )
