"""The two pages that show what all features know: a customer, and a purchase from its tap on."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django.contrib import admin
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from cards.authorizations.models import Authorization, Decision
from cards.cashback import queries as cashback
from cards.cashback.models import Grant
from cards.issuing.models import Card, SpendingProfile
from holdings.ledger.models import JournalEntry
from krak.backoffice import queries
from krak.backoffice.onboarding import OnboardingAdmin
from krak.core.admin import (
    ReadOnlyAdmin,
    Section,
    amount_column,
    badge,
    link_to,
    page_of,
    shown,
)
from krak.customers.models import Customer

NEWEST: Final = 20

admin.site.index_title = "Overview"


@admin.register(Customer)
class CustomerAdmin(OnboardingAdmin):
    """Whose money we keep: everything there is to know about one person, on one page."""

    audited = ("customers_customer",)
    list_display = ("name", "shown_id", "user", "country", "home_currency", "state", "created_at")
    list_filter = ("country", "home_currency", ("frozen_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "user__email")
    search_help_text = (
        "Name, e-mail, @tag, last four digits,"
        " or an id: cus_ card_ auth_ dec_ ctx_ ic_ ich_ iauth_ ipi_"
    )
    list_select_related = ("user",)
    ordering = ("-created_at",)
    fields = (
        "shown_id", "name", "user", "country", "home_currency", "state", "flags", "worth",
        "pays_with", "created_at",
    )  # fmt: skip

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Find by anything that names a customer."""
        found = queries.customer_ids_named(search_term.strip())
        if found is not None:
            return queryset.filter(pk__in=found), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="State", ordering="frozen_at")
    def state(self, customer: Customer) -> SafeString:
        """Tell whether compliance froze the customer, and since when."""
        if customer.frozen_at:
            return badge(f"frozen since {customer.frozen_at:%Y-%m-%d %H:%M}", "bad")
        return badge("active", "good")

    @admin.display(description="Flags")
    def flags(self, customer: Customer) -> SafeString:
        """Show what was odd about this customer's purchases."""
        found = queries.flags(customer_id=customer.id)
        return format_html_join(" ", "{}", ((badge(flag, "odd"),) for flag in found))

    @admin.display(description="Worth now")
    def worth(self, customer: Customer) -> str:
        """Show what all accounts are worth at the board's middle prices."""
        values = [w.value for w in queries.worths(customer=customer)]
        unknown = values.count(None)
        known = sum((value for value in values if value is not None), Decimal(0))
        text = f"≈ {shown(known, customer.home_currency)}"
        return f"{text}, without {unknown} that have no price" if unknown else text

    @admin.display(description="Pays with")
    def pays_with(self, customer: Customer) -> str:
        """Show in which order assets are sold for a purchase."""
        profile = SpendingProfile.objects.filter(customer=customer).first()
        if profile is None:
            return ""
        order = " → ".join(profile.spend_order) if profile.spend_order else "the default order"
        never = f"; never {', '.join(profile.excluded)}" if profile.excluded else ""
        return f"{order}{never}; cashback in {profile.cashback_asset}"

    def sections(self, customer: Customer) -> Iterable[Section]:
        """Show what the customer has, and what happened last."""
        yield _accounts(customer)
        yield _cards(customer)
        yield _holds(customer)
        yield _authorizations(customer)
        yield _entries(
            "Newest journal entries", queries.newest_entries(customer_id=customer.id, most=NEWEST)
        )
        granted = cashback.value_granted(customer_id=customer.id)
        newest = Grant.objects.filter(customer=customer).order_by("-id")[:NEWEST]
        yield _grants("Cashback", newest, note=f"{shown(granted)} in all, less claw-backs.")


def _accounts(customer: Customer) -> Section:
    home = customer.home_currency
    return Section(
        title="Accounts",
        head=("Currency", "Posted", "Held", "Available", "Overdraft", f"Worth in {home}"),
        rows=[
            (link_to(w.account, w.account.currency), shown(w.account.posted), shown(w.account.held),
             shown(w.account.posted - w.account.held), shown(w.account.overdraft or None),
             "no price" if w.value is None else f"≈ {shown(w.value)}")
            for w in queries.worths(customer=customer)
        ],
    )  # fmt: skip


def _cards(customer: Customer) -> Section:
    return Section(
        title="Cards",
        head=("Card", "Id", "Status", "Stripe", "Since"),
        rows=[
            (link_to(card), card.shown_id, badge(card.status), card.stripe_id, card.created_at)
            for card in Card.objects.filter(customer=customer).order_by("-created_at")[:NEWEST]
        ],
    )


def _holds(customer: Customer) -> Section:
    return Section(
        title="Open holds",
        head=("Since", "Reference", "Amount"),
        rows=[
            (hold.created_at, link_to(hold, hold.reference),
             shown(hold.amount, hold.account.currency))
            for hold in queries.open_holds(customer_id=customer.id)
        ],
    )  # fmt: skip


def _authorizations(customer: Customer) -> Section:
    newest_first = Prefetch("decisions", queryset=_light_decisions().order_by("-step"))
    rows = []
    newest = Authorization.objects.filter(customer=customer).select_related("card")
    for a in newest.prefetch_related(newest_first).order_by("-id")[:NEWEST]:
        last = next(iter(a.decisions.all()), None)
        rows.append(
            (a.created_at, link_to(a, a.merchant_name or a.stripe_id), a.card.last4,
             shown(last.asked if last else a.amount, a.currency), shown(a.captured, a.currency),
             a.get_status_display(),
             link_to(last, last.shown_id) if last else "by the network",
             badge(last.outcome) if last else "", last.reason.replace("_", " ") if last else "")
        )  # fmt: skip
    return Section(
        title="Newest authorizations",
        head=(
            "When", "Purchase", "Card", "Asked", "Captured", "Status", "Last decision", "Outcome",
            "Reason",
        ),
        rows=rows,
    )  # fmt: skip


def _light_decisions() -> Any:
    return Decision.objects.defer("request", "inputs", "sales", "answer")


def _entries(title: str, entries: Iterable[JournalEntry]) -> Section:
    rows = []
    for entry in entries:
        moved = [
            f"{'+' if p.side == 'CREDIT' else '−'}{shown(p.amount, p.currency)}"
            for p in sorted(entry.postings.all(), key=lambda posting: posting.leg)
            if p.account_id
        ]
        rows.append(
            (entry.created_at, entry.sequence, link_to(entry, entry.kind), ", ".join(moved),
             entry.cause)
        )  # fmt: skip
    return Section(
        title=title, head=("When", "Number", "Entry", "Customer's side", "Cause"), rows=rows
    )


def _grants(title: str, grants: Iterable[Grant], *, note: str = "") -> Section:
    return Section(
        title=title,
        note=note,
        head=("When", "Value", "Left", "Paid as", "Purchase"),
        rows=[
            (grant.granted_at, link_to(grant, shown(grant.value, grant.currency)),
             shown(grant.value_left, grant.currency), shown(grant.units, grant.asset), grant.group)
            for grant in grants
        ],
    )  # fmt: skip


@admin.register(Authorization)
class AuthorizationAdmin(ReadOnlyAdmin):
    """A purchase: what was asked and answered, set aside, captured, posted and rewarded."""

    list_display = (
        "created_at", "customer", "merchant_name", "amount_shown", "captured_shown", "status",
        "answered", "flag_list",
    )  # fmt: skip
    list_filter = ("status", "approved")
    search_fields = ("stripe_id", "merchant_name", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "stripe_id", "customer", "card", "merchant_name", "mcc", "merchant_country",
        "amount_shown", "captured_shown", "status", "answered", "network_reason", "flag_list",
        "created_at", "updated_at",
    )  # fmt: skip

    amount_shown = amount_column("amount", label="approved so far")
    captured_shown = amount_column("captured")

    @admin.display(description="Answer", ordering="approved")
    def answered(self, authorization: Authorization) -> SafeString:
        """Show the answer, ours or the network's."""
        return badge("APPROVED" if authorization.approved else "DECLINED")

    @admin.display(description="Flags")
    def flag_list(self, authorization: Authorization) -> SafeString:
        """Show the flags as words."""
        return format_html_join(" ", "{}", ((badge(f, "odd"),) for f in authorization.flags))

    def sections(self, authorization: Authorization) -> Iterable[Section]:
        """Show what the tap led to, in the order in which it happens."""
        purchase = queries.purchase(authorization)
        currency = authorization.currency
        yield Section(
            title="Decisions",
            head=("When", "Step", "Decision", "Outcome", "Reason", "Asked", "Approved", "Held"),
            rows=[
                (d.decided_at, d.step, link_to(d, d.shown_id), badge(d.outcome),
                 d.reason.replace("_", " "), shown(d.asked, currency),
                 shown(d.approved_amount, currency), shown(d.held, currency))
                for d in _light_decisions().filter(authorization=authorization).order_by("step")
            ],
        )  # fmt: skip
        yield Section(
            title="Hold",
            head=("Since", "Reference", "Still set aside", "Changed"),
            rows=[
                (hold.created_at, link_to(hold, hold.reference),
                 shown(hold.amount, hold.account.currency), hold.updated_at)
                for hold in (purchase.hold,) if hold
            ],
        )  # fmt: skip
        yield Section(
            title="Captures and refunds",
            head=("When", "Kind", "Stripe", "Amount", "Posted as"),
            rows=[
                (t.event_at, t.kind.lower(), link_to(t, t.stripe_id), shown(t.amount, t.currency),
                 page_of("ledger.journalentry", t.entry_id, "journal entry"))
                for t in purchase.transactions
            ],
        )  # fmt: skip
        yield _entries("Journal entries", purchase.entries)
        yield _grants("Cashback", purchase.grants)
