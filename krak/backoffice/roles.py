"""What staff may do, as ready-made groups: `manage.py roles` writes them into the database.

No role may add, change or delete people, groups or rights, and none both proposes and approves.
"""

from collections.abc import Mapping
from typing import Final

from django.contrib.auth.models import Group, Permission

from krak.core.audit.context import because
from krak.core.transactions import transaction
from krak.customers.models import User

_CUSTOMERS: Final = (
    "customers.view_customer", "customers.view_user", "issuing.view_card",
    "issuing.view_cardholder", "issuing.view_wallettoken", "issuing.view_spendingprofile",
    "issuing.view_policy", "authorizations.view_authorization",
    "authorizations.view_decision", "authorizations.view_strayrequest",
    "clearing.view_cardtransaction", "disputes.view_dispute", "cashback.view_grant",
    "ledger.view_ledgeraccount", "ledger.view_journalentry", "ledger.view_hold",
    "cases.view_case", "assets.view_asset", "customers.view_tag", "identity.view_device",
    "notifications.view_notification", "notifications.view_delivery",
    "notifications.view_preference", "notifications.view_pushtoken",
    "exports.view_export", "statements.view_statement",
)  # fmt: skip
_TRADING: Final = (
    "quotes.view_quote", "quotes.view_feeschedule", "quotes.view_quotepolicy",
    "eligibility.view_eligibilityrule", "eligibility.view_suitabilitycheck",
    "trading.view_trade", "trading.view_order", "trading.view_recurringbuy",
    "trading.view_recurringrun", "trading.view_autoconvertrule", "trading.view_autoconvertrun",
    "alerts.view_pricealert",
)  # fmt: skip
_PEOPLE: Final = (
    "transfers.view_transfer", "transfers.view_paymentlink", "transfers.view_request",
    "transfers.view_splitbill",
)  # fmt: skip
_FUNDING: Final = (
    "funding.view_deposit", "funding.view_topup", "funding.view_takeback",
    "funding.view_depositaccount", "funding.view_depositaddress", "funding.view_receipt",
    "funding.view_destination", "funding.view_railterms", "funding.view_withdrawal",
    "funding.view_paperpayout",
)  # fmt: skip
_PRIMARY: Final = ("primary.view_party", "primary.view_request", "primary.view_paperorder")
_STRIPE: Final = (
    "treasury.view_floatrule", "treasury.view_floatreading", "treasury.view_topup",
    "reconciliation.view_run",
)  # fmt: skip
_MARKET: Final = (
    "venues.view_halt", "venues.view_widening", "venues.view_tradingsession",
    "venues.view_marketholiday", "prices.view_providerreport",
)  # fmt: skip
_HOUSE: Final = (
    "ledger.view_housebalance", "reserves.view_proof", "reserves.view_custodystatement",
    "reserves.view_attestation",
    "hedging.view_riskstate", "hedging.view_hedgeorder",
    "hedging.view_hedgefill", "hedging.view_risklimit", "hedging.view_venueinstrument",
)  # fmt: skip
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "support": (*_CUSTOMERS, *_TRADING, *_PEOPLE, *_FUNDING, *_PRIMARY),
    "operations": (
        *_CUSTOMERS, *_TRADING, *_PEOPLE, *_FUNDING, *_PRIMARY, *_STRIPE, *_MARKET,
        "cases.change_case", "inbox.view_inboxevent", "archive.view_archive",
        "outbox.view_outboxmessage", "idempotency.view_keptanswer", "approvals.view_proposal",
        "schedule.view_run", "venues.add_halt", "venues.add_widening",
    ),
    "finance": (
        *_CUSTOMERS, *_TRADING, *_PEOPLE, *_FUNDING, *_PRIMARY, *_STRIPE, *_MARKET,
        *_HOUSE, "primary.propose_party", "primary.propose_request", "primary.reject_request",
        "funding.propose_withdrawal", "funding.propose_receipt", "approvals.view_proposal",
        "assets.propose_multiplier", "assets.propose_delisting", "clearing.propose_reversal",
        "hedging.change_riskstate", "hedging.change_hedgeorder", "reserves.add_custodystatement",
        "reserves.add_attestation", "hedging.add_risklimit",
    ),
    "approver": (
        *_CUSTOMERS, *_FUNDING, *_PRIMARY, "funding.approve_withdrawal",
        "funding.approve_receipt", "primary.approve_party", "primary.approve_request",
        "approvals.view_proposal", "assets.approve_multiplier", "assets.approve_delisting",
        "clearing.approve_reversal",
        "audit.view_rowchange",
    ),
    "compliance": (
        *_CUSTOMERS, *_TRADING, *_PEOPLE, *_FUNDING, *_PRIMARY, "customers.freeze_customer",
        "customers.move_customer", "primary.end_party",
        "customers.view_verification",
        "customers.decide_verification", "customers.view_kycrule", "customers.view_terms",
        "identity.view_proof", "audit.view_rowchange", "privacy.view_erasure",
        "privacy.view_sealedfacts",
    ),
}  # fmt: skip


class UnknownRight(LookupError):
    """A role names a right that no table has: a mistake in `ROLES`."""


@transaction
def write_roles() -> None:
    """Give every role exactly its rights; again changes nothing. Its members stay.

    Raises:
        UnknownRight: a right does not exist.
    """
    known = {
        f"{right.content_type.app_label}.{right.codename}": right
        for right in Permission.objects.select_related("content_type")
    }
    for name, rights in ROLES.items():
        if missing := set(rights) - known.keys():
            raise UnknownRight(f"{name}: {', '.join(sorted(missing))}")
        role, _made = Group.objects.get_or_create(name=name)
        role.permissions.set(known[right] for right in rights)


@transaction
def give(*, email: str, role: str, reason: str) -> None:
    """Make somebody staff with this role; again changes nothing."""
    with because(reason):
        user = User.objects.get(email=email)
        User.objects.filter(pk=user.pk, is_staff=False).update(is_staff=True)
        user.groups.add(Group.objects.get(name=role))


@transaction
def take(*, email: str, role: str, reason: str) -> None:
    """Take a role from somebody; with the last one they are no longer staff."""
    with because(reason):
        user = User.objects.get(email=email)
        user.groups.remove(Group.objects.get(name=role))
        if not user.is_superuser and not user.groups.exists():
            User.objects.filter(pk=user.pk).update(is_staff=False)
