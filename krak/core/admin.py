"""What every page of the back office has in common."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import CharField, Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from krak.core.audit.context import LONGEST_REASON
from krak.core.audit.queries import changes_of
from krak.core.errors import DomainError
from krak.core.ids import MalformedId, read, show
from krak.core.money import UnknownCurrency, least_places, plain

if TYPE_CHECKING:
    from krak.core.audit.models import RowChange

NEWEST_CHANGES: Final = 50
CUSTOMER: Final = "cus"
"""What the ids of customers begin with."""

_TONES: Final = {
    "good": "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    "bad": "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    "odd": "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    "": "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
}
_TONE_OF: Final = {
    "APPROVED": "good", "PARTIAL": "odd", "DECLINED": "bad", "ACTIVE": "good", "INACTIVE": "odd",
    "CANCELED": "bad", "PROPOSED": "odd", "REJECTED": "bad",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A table under the fields of a page. Every cell is escaped unless it is a `SafeString`."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    note: str = ""


class ReasonForm(Form):
    """Why somebody does what they are about to do."""

    reason = CharField(
        max_length=LONGEST_REASON, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class StaffAdmin(ModelAdmin):  # type: ignore[misc]
    """Lists of 50, newest first, and search that understands the ids clients see."""

    list_prefetch_related: ClassVar[Sequence[str]] = ()
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True
    audited: tuple[str, ...] = ()
    """Tables whose recorded changes, under the key of a row here, are the row's history."""
    change_form_outer_after_template = "admin/sections.html"

    @admin.display(description="Id", ordering="pk")
    def shown_id(self, row: Any) -> str:
        """Show the id that clients see."""
        return show(row.PREFIX, row.pk)

    def sections(self, row: Any) -> Iterable[Section]:
        """Return the tables under the fields."""
        return ()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add the sections to the page of one row."""
        context = dict(extra_context or {})
        if object_id and request.method == "GET":
            row = self.get_object(request, object_id)
            if row is not None and self.has_view_permission(request, row):
                context["sections"] = [
                    *self.sections(row),
                    *([_history(row.pk, self.audited)] if self.audited else []),
                ]
        return super().changeform_view(request, object_id, form_url, context)

    def ask(
        self,
        request: HttpRequest,
        row: Any,
        form: Form,
        *,
        title: str,
        do: Callable[[dict[str, Any]], str],
        buttons: tuple[tuple[str, str], ...],
        sections: Iterable[Section] = (),
    ) -> HttpResponse:
        """Show a form about `row`; once it is filled in, `do` it and go back to the row's page.

        Where it is about several rows (`row` is None) it goes back to their list.
        `do` gets the cleaned data and calls one service; what it returns is shown. A refusal is
        shown instead, with the form as it was. `buttons` are (name, words) of what submits it.
        """
        if request.method == "POST" and form.is_valid():
            try:
                messages.success(request, do(form.cleaned_data))
            except DomainError as refusal:
                form.add_error(None, refusal.detail)
            else:
                page = f"admin:{self.opts.label_lower.replace('.', '_')}_change"
                back = reverse(page, args=[row.pk]) if row else reverse(f"{page}list")
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": title,
            "form": form,
            "buttons": buttons,
            "sections": list(sections),
        }
        return TemplateResponse(request, "admin/ask.html", context)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows, with those of `list_prefetch_related` read beside them, not joined."""
        return super().get_queryset(request).prefetch_related(*self.list_prefetch_related)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find by id, as clients or as logs show it, as well as by the declared fields.

        The id of a customer finds what is theirs.
        """
        term = search_term.strip()
        if wanted := _id_in(term, getattr(self.model, "PREFIX", "")):
            return queryset.filter(pk=wanted), False
        if hasattr(self.model, "customer_id") and (owner := _id_in(term, CUSTOMER)):
            return queryset.filter(customer_id=owner), False
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


class ReportAdmin(ReadOnlyAdmin):
    """A table whose list is a report: sections computed now, instead of its rows."""

    def report(self, request: HttpRequest) -> Iterable[Section]:
        """Return the tables of the report."""
        return ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the report."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        names = self.model._meta  # noqa: SLF001 - documented by Django
        context = {
            **self.admin_site.each_context(request),
            "opts": names,
            "title": str(names.verbose_name_plural).capitalize(),
            "sections": list(self.report(request)),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/report.html", context)


def _history(key: Any, tables: tuple[str, ...]) -> Section:
    changes = list(changes_of(key, tables=tables, most=NEWEST_CHANGES))
    people = get_user_model().objects.in_bulk({each.actor for each in changes if each.actor})
    return Section(
        title="History",
        note="Newest first. What nobody is named for was done by the product or in the database.",
        head=("When", "Who", "What", "Before", "After", "Why"),
        rows=[
            (each.at, people.get(each.actor, each.actor or f"database role {each.database_role}"),
             name.replace("_", " "), _cell(before), _cell(after), each.reason)
            for each in changes
            for name, (before, after) in sorted(_columns(each, tables[0]).items())
        ],
    )  # fmt: skip


def _columns(change: "RowChange", own_table: str) -> dict[str, Any]:
    # The columns of a new row are on its page already.
    if change.operation == "INSERT" and change.table == own_table:
        return {"made": (None, None)}
    columns: dict[str, Any] = change.changed
    return columns


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def button[F: Callable[..., HttpResponse]](words: str, *, right: str) -> Callable[[F], F]:
    """Make a method a button on a row's page, for staff whom `has_RIGHT_permission` lets."""
    decorator: Callable[[F], F] = action(description=words, permissions=[right])
    return decorator


def _id_in(term: str, prefix: str) -> UUID | None:
    try:
        return UUID(term) if "-" in term else read(prefix, term)
    except (MalformedId, ValueError):
        return None


def amount_column(name: str, *, currency: str = "currency", label: str = "") -> Callable[..., str]:
    """Return a column that shows the amount `name` with its currency, to the right: "12.50 USD".

    `currency` is where the row says which: "currency", "account.currency".
    """

    @admin.display(description=label or name.replace("_", " "), ordering=name)
    def column(_page: Any, row: Any) -> str:
        code = row
        for step in currency.split("."):
            code = getattr(code, step)
        return format_html(
            '<span class="inline-block min-w-32 text-right whitespace-nowrap">{}</span>',
            shown(getattr(row, name), code),
        )

    return column


def shown(amount: Decimal | str | None, currency: str = "") -> str:
    """Write an amount for staff, with its currency if given: "-164,876.06 USD", "0.0004 BTC".

    Exact, by thousands, with at least the decimals that the currency is written with.
    """
    if amount is None:
        return ""
    try:
        places = least_places(currency) if currency else 0
    except UnknownCurrency:
        places = 0
    whole, _, decimals = f"{Decimal(plain(Decimal(amount))):,f}".partition(".")
    decimals = decimals.ljust(places, "0")
    return f"{whole}{'.' if decimals else ''}{decimals} {currency}".rstrip()


def badge(text: str, tone: str | None = None) -> SafeString:
    """Return a coloured word; the tone follows from well-known words unless given."""
    if not text:
        return SafeString("")
    return format_html(
        '<span class="inline-block font-semibold rounded-default text-[11px] uppercase'
        ' whitespace-nowrap h-6 leading-6 px-2 {}">{}</span>',
        _TONES[_TONE_OF.get(text, "") if tone is None else tone],
        text.replace("_", " "),
    )


def page_of(model: str, pk: Any, text: str) -> SafeString:
    """Return a link to the page of one row; `model` is a label such as "ledger.journalentry"."""
    path = reverse(f"admin:{model.replace('.', '_')}_change", args=[pk])
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', path, text
    )


def link_to(row: Model | None, text: str = "") -> SafeString:
    """Return a link to the page of `row`, by its name unless another text is given."""
    if row is None:
        return SafeString("")
    label = row._meta.label_lower  # noqa: SLF001 - documented by Django
    return page_of(label, row.pk, text or str(row))
