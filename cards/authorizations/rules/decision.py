"""The decision on an authorization request: pure, on one snapshot of one customer.

Source: the card policy, sections 1 and 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from cards.issuing.rules import Controls
from holdings.trading.rules.waterfall import Sale, Sellable, total_coverage, waterfall
from krak.core.money import ceil_to

BASIS_POINTS: Final = Decimal(10_000)
ONLINE: Final = frozenset({"online", "keyed_in"})
"""Stripe's authorization methods without the card being there."""


class Decline(StrEnum):
    """Why a request is refused; what Stripe and the customer are told."""

    UNKNOWN_CARD = "unknown_card"
    CARD_INACTIVE = "card_inactive"
    ACCOUNT_FROZEN = "account_frozen"
    NEGATIVE_BALANCE = "negative_balance"
    MERCHANT_BLOCKED = "merchant_blocked"
    CASH_NOT_ENABLED = "cash_not_enabled"
    CASH_LIMIT_EXCEEDED = "cash_limit_exceeded"
    VELOCITY_LIMIT = "velocity_limit"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    SYSTEM_BUSY = "system_busy"
    SYSTEM_ERROR = "system_error"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What the network asks. Amounts are in whole units of the card's currency.

    `step` is the length of Stripe's `request_history`: 0 for the first request, more for an
    increment, whose `amount` is what is asked on top. Merchant figures are as they came.
    """

    stripe_id: str
    step: int
    card_stripe_id: str
    livemode: bool
    amount: Decimal
    currency: str
    cashback_amount: Decimal
    atm_fee: Decimal
    is_amount_controllable: bool
    mcc: str
    merchant_name: str
    merchant_network_id: str
    merchant_country: str
    merchant_currency: str
    merchant_amount_minor: int
    method: str
    event_id: str


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """The part of a policy that a decision reads; amounts in the card's currency."""

    id: UUID
    partial_minimum: Decimal
    minimum_conversion: Decimal
    daily_limit: Decimal
    cash_daily_limit: Decimal
    fx_buffer_bps: int
    cash_enabled: bool
    blocked_mccs: frozenset[str]
    cash_mccs: frozenset[str]
    haircuts: Mapping[str, tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of the authorization that a request is about.

    `steps` is how many of its requests the network has told the end of; `amount` is approved so
    far, `captured` the network has taken of it.
    """

    status: str
    steps: int
    amount: Decimal
    captured: Decimal

    def left_to_hold(self, hold: Decimal, *, step: int) -> Decimal:
        """Return what of `hold` is still to be set aside for the request `step`.

        Nothing when the network has told how the request or the whole authorization ended, and
        not what was captured beyond what was approved before.
        """
        if self.steps > step or self.status != "PENDING":
            return Decimal(0)
        return max(Decimal(0), hold - max(Decimal(0), self.captured - self.amount))


@dataclass(frozen=True, slots=True)
class Spent:
    """What a card and those it replaced were approved for, counted for its owner's limits."""

    purchase: Decimal = Decimal(0)
    today: Decimal = Decimal(0)
    month: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Facts:
    """One customer at one version of their book, priced by one board."""

    card_active: bool
    livemode_matches: bool
    frozen: bool
    currency: str
    places: int
    posted: Decimal
    held: Decimal
    sellables: tuple[Sellable, ...]
    policy: PolicyFacts
    blocked_mccs: frozenset[str]
    controls: Controls
    spent: Spent
    approved_today: Decimal
    cash_today: Decimal
    earlier: Earlier | None = None

    @property
    def available(self) -> Decimal:
        """Cash that is not set aside."""
        return self.posted - self.held


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is answered, set aside and sold. A decline moves nothing."""

    decline: Decline | None
    approved: Decimal
    hold: Decimal
    cash_amount: Decimal
    coverage: Decimal
    sales: tuple[Sale, ...]
    is_partial: bool = False


def cash_part(request: AuthorizationRequest, policy: PolicyFacts) -> Decimal:
    """Return what counts as cash: an ATM's whole amount, else the cash-back part."""
    return request.amount if request.mcc in policy.cash_mccs else request.cashback_amount


def screen(request: AuthorizationRequest, facts: Facts) -> Decline | None:
    """Return the first reason to refuse that needs no price, or None."""
    policy = facts.policy
    cash = cash_part(request, policy)
    reasons = (
        (not facts.livemode_matches, Decline.UNKNOWN_CARD),
        (not facts.card_active, Decline.CARD_INACTIVE),
        (facts.frozen, Decline.ACCOUNT_FROZEN),
        (facts.posted < 0 and facts.available < 0, Decline.NEGATIVE_BALANCE),
        (
            request.mcc in policy.blocked_mccs
            or request.mcc in facts.blocked_mccs
            or _is_blocked_by_owner(request, facts.controls),
            Decline.MERCHANT_BLOCKED,
        ),
        (
            request.mcc in policy.cash_mccs
            and not (policy.cash_enabled and facts.controls.atm_enabled),
            Decline.CASH_NOT_ENABLED,
        ),
        (
            cash > 0 and facts.cash_today + cash > policy.cash_daily_limit,
            Decline.CASH_LIMIT_EXCEEDED,
        ),
        (
            request.amount > 0
            and (
                facts.approved_today + request.amount > policy.daily_limit
                or _is_over_owners_limits(request.amount, facts)
            ),
            Decline.VELOCITY_LIMIT,
        ),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _is_blocked_by_owner(request: AuthorizationRequest, controls: Controls) -> bool:
    return (
        request.mcc in controls.blocked_mccs
        or request.merchant_country in controls.blocked_countries
        or (request.method in ONLINE and not controls.online_enabled)
    )


def _is_over_owners_limits(amount: Decimal, facts: Facts) -> bool:
    controls, spent = facts.controls, facts.spent
    limits = (
        (spent.purchase, controls.purchase_limit),
        (spent.today, controls.daily_limit),
        (spent.month, controls.monthly_limit),
    )
    return any(limit is not None and before + amount > limit for before, limit in limits)


def decide(request: AuthorizationRequest, facts: Facts) -> Verdict:
    """Judge a request: the first reason to refuse wins, else hold and sell what is needed.

    An amount of 0 (account verification) is approved without hold or sale. A shortfall may be
    approved in part when the merchant allows it.
    """
    coverage = total_coverage(facts.available, facts.sellables, facts.places)
    if reason := screen(request, facts):
        return _declined(reason, coverage)
    amount = request.amount
    if amount == 0:
        return Verdict(None, amount, amount, amount, coverage, ())
    if coverage < amount:
        if not _may_be_partial(request, facts.policy, coverage):
            return _declined(Decline.INSUFFICIENT_FUNDS, coverage)
        approved = hold = coverage
    else:
        approved, hold = amount, _buffered(request, facts, coverage)
    if facts.earlier is not None:
        hold = facts.earlier.left_to_hold(hold, step=request.step)
    sales = waterfall(
        hold - facts.available if hold else hold,
        facts.sellables,
        minimum_conversion=facts.policy.minimum_conversion,
        cash_places=facts.places,
    )
    cash = min(cash_part(request, facts.policy), approved)
    return Verdict(None, approved, hold, cash, coverage, sales, is_partial=approved < amount)


def _declined(reason: Decline, coverage: Decimal) -> Verdict:
    nothing = Decimal(0)
    return Verdict(reason, nothing, nothing, nothing, coverage, ())


def _may_be_partial(request: AuthorizationRequest, policy: PolicyFacts, coverage: Decimal) -> bool:
    return (
        request.is_amount_controllable
        and coverage >= policy.partial_minimum
        and coverage >= request.cashback_amount
        and coverage > 0
    )


def _buffered(request: AuthorizationRequest, facts: Facts, coverage: Decimal) -> Decimal:
    """Return the amount to hold: with the buffer for exchange rates if coverage allows it."""
    if request.merchant_currency == facts.currency or not facts.policy.fx_buffer_bps:
        return request.amount
    factor = (BASIS_POINTS + facts.policy.fx_buffer_bps) / BASIS_POINTS
    buffered = ceil_to(request.amount * factor, facts.places)
    return buffered if buffered <= coverage else request.amount


def answer_of(verdict: Verdict, *, decision_id: str, amount_minor: int) -> dict[str, Any]:
    """Return the body for Stripe: `amount` (minor units) only for a partial approval."""
    body: dict[str, Any] = {
        "approved": verdict.decline is None,
        "metadata": {"decision": decision_id},
    }
    if verdict.is_partial:
        body["amount"] = amount_minor
    if verdict.decline is not None:
        body["metadata"]["decline_reason"] = str(verdict.decline)
    return body
