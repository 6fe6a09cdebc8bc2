"""How the back office looks and where its menu leads: the setting `UNFOLD`."""

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _favicon(_request: HttpRequest) -> str:
    return static("backoffice/favicon.svg")


def _to(title: str, icon: str, model: str) -> dict[str, Any]:
    """Return a line of the menu; staff who may not view the table do not see it."""
    app, name = model.split(".")

    def may_view(request: HttpRequest) -> bool:
        return request.user.has_perm(f"{app}.view_{name}")

    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": may_view,
    }


_GROUPS: Final[list[dict[str, Any]]] = [
    {
        "items": [
            {"title": "Overview", "icon": "monitoring", "link": reverse_lazy("admin:index")},
        ],
    },
    {
        "title": "Work",
        "items": [
            _to("Cases", "assignment", "cases.case"),
            _to("Approvals", "approval_delegation", "approvals.proposal"),
            _to("Verifications", "how_to_reg", "customers.verification"),
        ],
    },
    {
        "title": "Customers",
        "items": [
            _to("Customers", "person", "customers.customer"),
            _to("Sign-ins", "key", "customers.user"),
            _to("Devices", "devices", "identity.device"),
            _to("Step-ups", "verified_user", "identity.proof"),
            _to("Tags", "alternate_email", "customers.tag"),
            _to("How they pay", "swap_vert", "issuing.spendingprofile"),
            _to("Suitability", "fact_check", "eligibility.suitabilitycheck"),
            _to("Erasures", "person_off", "privacy.erasure"),
            _to("Kept after erasure", "lock", "privacy.sealedfacts"),
            _to("Exports", "download", "exports.export"),
            _to("Notifications", "notifications", "notifications.notification"),
            _to("Deliveries", "outgoing_mail", "notifications.delivery"),
            _to("Push tokens", "phonelink_ring", "notifications.pushtoken"),
            _to("What they hear of", "notifications_active", "notifications.preference"),
        ],
    },
    {
        "title": "Cards",
        "items": [
            _to("Cards", "credit_card", "issuing.card"),
            _to("Cardholders", "badge", "issuing.cardholder"),
            _to("Wallets", "wallet", "issuing.wallettoken"),
            _to("Purchases", "receipt_long", "authorizations.authorization"),
            _to("Decisions", "rule", "authorizations.decision"),
            _to("Captures and refunds", "done_all", "clearing.cardtransaction"),
            _to("Disputes", "gavel", "disputes.dispute"),
            _to("Cashback", "redeem", "cashback.grant"),
            _to("Strays", "help", "authorizations.strayrequest"),
        ],
    },
    {
        "title": "Stripe",
        "items": [
            _to("Comparisons", "compare", "reconciliation.run"),
            _to("Float", "savings", "treasury.floatreading"),
            _to("Top-ups", "move_up", "treasury.topup"),
        ],
    },
    {
        "title": "Money in and out",
        "items": [
            _to("Deposits", "south_west", "funding.deposit"),
            _to("Withdrawals", "north_east", "funding.withdrawal"),
            _to("Receipts", "inbox_customize", "funding.receipt"),
            _to("Payments by Stripe", "payments", "funding.topup"),
            _to("Refunds and disputes", "undo", "funding.takeback"),
            _to("Customers' IBANs", "account_balance", "funding.depositaccount"),
            _to("Customers' addresses", "qr_code", "funding.depositaddress"),
            _to("Destinations", "contacts", "funding.destination"),
            _to("Payouts on paper", "description", "funding.paperpayout"),
        ],
    },
    {
        "title": "Trading",
        "items": [
            _to("Trades", "swap_horiz", "trading.trade"),
            _to("Quotes", "request_quote", "quotes.quote"),
            _to("Orders", "list_alt", "trading.order"),
            _to("Recurring buys", "event_repeat", "trading.recurringbuy"),
            _to("Their runs", "play_circle", "trading.recurringrun"),
            _to("Auto-convert", "autorenew", "trading.autoconvertrule"),
            _to("Conversions of it", "sync", "trading.autoconvertrun"),
            _to("Price alerts", "notifications_active", "alerts.pricealert"),
        ],
    },
    {
        "title": "Primary market",
        "items": [
            _to("Subscriptions and redemptions", "handshake", "primary.request"),
            _to("Parties", "groups", "primary.party"),
            _to("Orders on paper", "note_alt", "primary.paperorder"),
        ],
    },
    {
        "title": "Between people",
        "items": [
            _to("Transfers", "send_money", "transfers.transfer"),
            _to("Requests", "call_received", "transfers.request"),
            _to("Links", "link", "transfers.paymentlink"),
            _to("Split bills", "call_split", "transfers.splitbill"),
        ],
    },
    {
        "title": "Market",
        "items": [
            _to("Assets", "candlestick_chart", "assets.asset"),
            _to("Price providers", "cell_tower", "prices.providerreport"),
            _to("Halts", "pan_tool", "venues.halt"),
            _to("Wider spreads", "expand", "venues.widening"),
            _to("US market holidays", "event", "venues.marketholiday"),
            _to("Trading sessions", "schedule", "venues.tradingsession"),
        ],
    },
    {
        "title": "House risk",
        "items": [
            _to("Exposure", "balance", "hedging.riskstate"),
            _to("Limits", "speed", "hedging.risklimit"),
            _to("Hedge orders", "outbound", "hedging.hedgeorder"),
            _to("Fills", "price_check", "hedging.hedgefill"),
            _to("What the venue trades", "storefront", "hedging.venueinstrument"),
        ],
    },
    {
        "title": "Ledger",
        "items": [
            _to("Accounts", "account_balance", "ledger.ledgeraccount"),
            _to("Journal entries", "menu_book", "ledger.journalentry"),
            _to("Statements", "description", "statements.statement"),
            _to("Holds", "lock_clock", "ledger.hold"),
            _to("House accounts", "home_work", "ledger.housebalance"),
            _to("Proofs of reserves", "account_tree", "reserves.proof"),
            _to("Custody statements", "savings", "reserves.custodystatement"),
            _to("Attestations", "fact_check", "reserves.attestation"),
        ],
    },
    {
        "title": "Rules",
        "items": [
            _to("Card policies", "policy", "issuing.policy"),
            _to("Float", "water_full", "treasury.floatrule"),
            _to("Quotes", "tune", "quotes.quotepolicy"),
            _to("Fees", "percent", "quotes.feeschedule"),
            _to("Fees for sending", "local_atm", "funding.railterms"),
            _to("Eligibility", "public", "eligibility.eligibilityrule"),
            _to("Verification levels", "stairs", "customers.kycrule"),
            _to("Terms", "contract", "customers.terms"),
        ],
    },
    {
        "title": "System",
        "items": [
            _to("Inbox", "inbox", "inbox.inboxevent"),
            _to("Outbox", "outbox", "outbox.outboxmessage"),
            _to("Jobs", "work_history", "schedule.run"),
            _to("Archive", "archive", "archive.archive"),
            _to("Kept answers", "replay", "idempotency.keptanswer"),
            _to("Changes", "history", "audit.rowchange"),
        ],
    },
]


def navigation(_request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu: the groups above, then whatever is registered and in none of them."""
    named = {str(item["link"]) for group in _GROUPS for item in group["items"]}
    more = []
    for table in admin.site._registry:  # noqa: SLF001 - there is no other way to ask
        names = table._meta  # noqa: SLF001 - documented by Django
        item = _to(str(names.verbose_name_plural).capitalize(), "table_rows", names.label_lower)
        if str(item["link"]) not in named:
            more.append(item)
    return [*_GROUPS, {"title": "More", "items": more}] if more else _GROUPS


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "Krak back office",
    "SITE_HEADER": "Krak back office",
    "SITE_URL": None,
    "SITE_SYMBOL": "account_balance_wallet",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _favicon}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "krak.backoffice.dashboard.show",
    "COMMAND": {"search_callback": "krak.backoffice.search.find"},
    "SIDEBAR": {
        "show_search": True,
        "navigation": "krak.backoffice.unfold.navigation",
    },
}
