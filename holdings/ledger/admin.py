"""Staff read the books; nobody edits them."""

import json
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fx.prices import live
from holdings.ledger import queries
from holdings.ledger.models import Hold, HouseBalance, JournalEntry, LedgerAccount
from holdings.ledger.rules import WORDS_OF_HOUSE, House
from krak.core.admin import (
    ReadOnlyAdmin,
    ReportAdmin,
    Section,
    amount_column,
    badge,
    page_of,
    shown,
)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    """Balances."""

    list_display = ("customer", "currency", "posted_shown", "held_shown", "overdraft_shown")
    search_fields = ("customer__name", "customer__user__email", "=currency")
    list_select_related = ("customer",)
    ordering = ("customer_id", "currency")
    fields = (
        "id", "customer", "currency", "posted_shown", "held_shown", "available", "overdraft_shown",
        "created_at",
    )  # fmt: skip

    posted_shown = amount_column("posted")
    held_shown = amount_column("held")
    overdraft_shown = amount_column("overdraft")

    @admin.display(description="Available")
    def available(self, account: LedgerAccount) -> str:
        """Show what can be spent."""
        return shown(account.posted - account.held, account.currency)

    def sections(self, account: LedgerAccount) -> Iterable[Section]:
        """Show the newest postings on the account."""
        newest = account.posting_set.order_by("-entry_id", "-leg").select_related("entry")[:20]
        yield Section(
            title="Newest postings",
            head=("When", "Entry", "Side", "Amount", "Balance after"),
            rows=[
                (p.entry.created_at, page_of("ledger.journalentry", p.entry_id, str(p.entry)),
                 p.side, shown(p.amount, p.currency), shown(p.balance_after, p.currency))
                for p in newest
            ],
        )  # fmt: skip


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """What happened, leg by leg."""

    list_display = ("created_at", "shown_id", "customer", "sequence", "kind", "cause")
    list_filter = ("kind",)
    search_fields = ("cause", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "sequence", "kind", "cause", "event_at", "created_at",
        "details_shown", "hash_hex", "previous_hash_hex",
    )  # fmt: skip

    def sections(self, entry: JournalEntry) -> Iterable[Section]:
        """Show each leg."""
        yield Section(
            title="Postings",
            note="Credits raise what we owe a customer. Each currency's debits equal its credits.",
            head=("Leg", "Account", "Debit", "Credit", "Balance after"),
            rows=[
                (p.leg,
                 f"house: {p.house.lower().replace('_', ' ')}" if p.house
                 else page_of("ledger.ledgeraccount", p.account_id, f"customer's {p.currency}"),
                 shown(p.amount, p.currency) if p.side == "DEBIT" else "",
                 shown(p.amount, p.currency) if p.side == "CREDIT" else "",
                 shown(p.balance_after, p.currency))
                for p in entry.postings.order_by("leg")
            ],
        )  # fmt: skip

    @admin.display(description="Details")
    def details_shown(self, entry: JournalEntry) -> SafeString:
        """Show the details as they were stored."""
        return format_html("<pre>{}</pre>", json.dumps(entry.details, indent=2, sort_keys=True))

    @admin.display(description="Hash")
    def hash_hex(self, entry: JournalEntry) -> str:
        """Show the hash as text."""
        return bytes(entry.hash).hex()

    @admin.display(description="Previous hash")
    def previous_hash_hex(self, entry: JournalEntry) -> str:
        """Show the hash before it as text."""
        return bytes(entry.previous_hash).hex()


@admin.register(HouseBalance)
class HouseBalanceAdmin(ReportAdmin):
    """The house's accounts: what was rolled up plus what waits, so exact at this moment."""

    def report(self, request: HttpRequest) -> Iterable[Section]:
        """Show each account by currency, and what it is worth in dollars."""
        worths = queries.house_worths(board=live.current())
        for house, rows in groupby(worths, key=lambda worth: worth.account.house):
            accounts = list(rows)
            total = sum((w.usd for w in accounts if w.usd is not None), Decimal(0))
            unpriced = sum(w.usd is None for w in accounts)
            yield Section(
                title=f"{house.capitalize().replace('_', ' ')}: {WORDS_OF_HOUSE[House(house)]}",
                note=f"Worth {shown(total, 'USD')}"
                + (f"; {unpriced} without a price" if unpriced else "")
                + ". Credits less debits: above zero it is the house's or owed, below zero held.",
                head=("Currency", "Balance, base units", "Worth now"),
                rows=[
                    (w.account.currency, shown(w.account.balance),
                     "no price" if w.usd is None else shown(w.usd, "USD"))
                    for w in accounts
                ],
            )  # fmt: skip


class OpenFilter(admin.SimpleListFilter):
    """Holds that still set something aside, or none."""

    title = "open"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        """Name the two."""
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        """Keep one of the two."""
        if self.value() == "yes":
            return queryset.filter(amount__gt=0)
        if self.value() == "no":
            return queryset.filter(amount=0)
        return queryset


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """What is set aside."""

    list_display = ("created_at", "customer", "reference", "amount_shown", "state", "updated_at")
    list_filter = (OpenFilter,)
    search_fields = ("reference", "customer__name", "customer__user__email")
    list_select_related = ("customer", "account")
    ordering = ("-id",)
    fields = (
        "id", "customer", "account", "reference", "amount_shown", "state", "forced", "created_at",
        "updated_at",
    )  # fmt: skip

    amount_shown = amount_column("amount", currency="account.currency")

    @admin.display(description="State")
    def state(self, hold: Hold) -> SafeString:
        """Tell whether something is still set aside."""
        return badge("open", "odd") if hold.amount else badge("captured or released")
