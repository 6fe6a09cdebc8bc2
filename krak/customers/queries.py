"""Finding people."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from krak.core.compiled import compiled
from krak.core.errors import DomainError, Kind
from krak.core.money import plain
from krak.customers.models import (
    AccessToken,
    Act,
    Customer,
    KycRule,
    Profile,
    Tag,
    Terms,
    TermsAcceptance,
    Verification,
    VerificationState,
)
from krak.customers.rules import SANCTIONED, Allowance, canonical_tag


class CustomerNotFound(DomainError):
    """No such customer, or not one this caller may know of."""

    code = "customers.not_found"
    title = "There is no such customer."
    kind = Kind.NOT_FOUND


def customer(customer_id: UUID) -> Customer:
    """Return one customer.

    Raises:
        CustomerNotFound: the id names nobody.
    """
    found = Customer.objects.select_related("user").filter(id=customer_id).first()
    if found is None:
        raise CustomerNotFound(customer=str(customer_id))
    return found


def home_currencies(customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the currency in which each of these customers' gains are reckoned."""
    known = Customer.objects.filter(id__in=set(customer_ids))
    return dict(known.values_list("id", "home_currency"))


def token_holder(token: str, *, now: datetime) -> AccessToken | None:
    """Return a bearer token with its user and customer, or None when it is unknown or ended."""
    return _holders.first(hashlib.sha256(token.encode()).digest(), now)


@compiled
def _holders(digest: bytes, now: datetime) -> QuerySet[AccessToken]:
    return AccessToken.objects.select_related("user__customer").filter(
        digest=digest,
        ended_at=None,
        expires_at__gt=now,
        user__is_active=True,
        user__customer__isnull=False,
    )


def tokens_of(*, user_id: UUID, now: datetime) -> QuerySet[AccessToken]:
    """Return the bearer tokens of a user that work."""
    return AccessToken.objects.filter(user_id=user_id, ended_at=None, expires_at__gt=now)


def working_tokens(ids: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Return those of these bearer tokens that work."""
    found = AccessToken.objects.filter(
        id__in=ids, ended_at=None, expires_at__gt=now, user__is_active=True
    )
    return set(found.values_list("id", flat=True))


def profile_of(*, customer_id: UUID) -> Profile:
    """Return what a customer told of themselves; nothing yet is an empty profile."""
    return _profiles.first(customer_id) or Profile(customer_id=customer_id)


@compiled
def _profiles(customer_id: UUID) -> QuerySet[Profile]:
    return Profile.objects.filter(customer_id=customer_id)


def display_currency(customer: Customer) -> str:
    """Return the currency that the customer sees values in: the one they chose, else at home."""
    return profile_of(customer_id=customer.id).display_currency or customer.home_currency


# --- Tags ----------------------------------------------------------------------------------------


class TagNotFound(DomainError):
    """Nobody has this tag."""

    code = "customers.tag_not_found"
    title = "Nobody has this tag."
    kind = Kind.NOT_FOUND


def tag_of(*, customer_id: UUID) -> str | None:
    """Return the customer's tag, or None while they have none."""
    found = _tags_of.first(customer_id)
    return found.tag if found else None


@compiled
def _tags_of(customer_id: UUID) -> QuerySet[Tag]:
    return Tag.objects.filter(customer_id=customer_id, released_at=None)


def customer_by_tag(text: str) -> Customer:
    """Return whose tag it is, however it was written.

    Raises:
        TagNotFound: nobody's, or of somebody who is frozen or gone.
    """
    tag = canonical_tag(text.removeprefix("$"))
    found = _tags_named.first(tag) if tag else None
    if found is None:
        raise TagNotFound
    return found.customer


@compiled
def _tags_named(tag: str) -> QuerySet[Tag]:
    return Tag.objects.select_related("customer__user").filter(
        tag=tag, released_at=None, customer__user__is_active=True
    )


# --- Terms ---------------------------------------------------------------------------------------


@compiled
def terms_in_force(*, now: datetime) -> QuerySet[Terms]:
    """Return the newest version in force of each document."""
    newest = Terms.objects.filter(effective_at__lte=now)
    return newest.order_by("kind", "-effective_at", "-id").distinct("kind")


def acceptances(*, customer_id: UUID) -> dict[UUID, datetime]:
    """Return when the customer accepted which version."""
    return dict(_acceptances(customer_id))


@compiled
def _acceptances(customer_id: UUID) -> QuerySet[TermsAcceptance, tuple[UUID, datetime]]:
    found = TermsAcceptance.objects.filter(customer_id=customer_id)
    return found.values_list("terms_id", "accepted_at")


# --- Verification --------------------------------------------------------------------------------


class VerificationNotFound(DomainError):
    """No such verification, or not one of the customer's."""

    code = "customers.verification_not_found"
    title = "There is no such verification."
    kind = Kind.NOT_FOUND


class NotVerified(DomainError):
    """The customer's level does not allow it; `facts` say which does and where to go."""

    code = "customers.verification_required"
    title = "This needs a higher level of verification."
    kind = Kind.FORBIDDEN


class TermsRequired(DomainError):
    """Terms in force were not accepted; `facts.missing` names them."""

    code = "customers.terms_required"
    title = "Accept the terms first: POST /v1/terms/accept."
    kind = Kind.FORBIDDEN


class EmailUnverified(DomainError):
    """No money moves before the customer has shown that they read their mail."""

    code = "customers.email_unverified"
    title = "Verify your e-mail address first."
    kind = Kind.FORBIDDEN


class CountryIneligible(DomainError):
    """The customer lives where we may not serve them any more."""

    code = "customers.country_ineligible"
    title = (
        "We may not do this for customers who live there; please contact us about what you hold."
    )
    kind = Kind.FORBIDDEN


class LimitPassed(DomainError):
    """The amount would pass what the customer's level allows in a day or a month."""

    code = "customers.limit_passed"
    title = "This would pass the limit of your verification level."
    kind = Kind.REFUSED


def verification_of(*, customer_id: UUID, verification_id: UUID) -> Verification:
    """Return one of the customer's verifications.

    Raises:
        VerificationNotFound: there is none, or it is another's.
    """
    found = Verification.objects.filter(customer_id=customer_id, id=verification_id).first()
    if found is None:
        raise VerificationNotFound
    return found


def verifications(*, customer_id: UUID) -> QuerySet[Verification]:
    """Return all attempts the customer ever made."""
    return Verification.objects.filter(customer_id=customer_id)


def level_of(*, customer_id: UUID, now: datetime) -> int:
    """Return the highest level that was approved and has not run out; 0 is none."""
    return _levels_reached.first(customer_id, now) or 0


@compiled
def _levels_reached(customer_id: UUID, now: datetime) -> QuerySet[Verification, int]:
    reached = Verification.objects.filter(
        customer_id=customer_id, state=VerificationState.APPROVED, expires_at__gt=now
    )
    return reached.order_by("-level").values_list("level", flat=True)[:1]


def is_verified_or_checked(*, customer_id: UUID) -> bool:
    """Tell whether what the customer told is vouched for, or just being checked."""
    states = ("SUBMITTED", "IN_REVIEW", "APPROVED")
    return Verification.objects.filter(customer_id=customer_id, state__in=states).exists()


def rules_in_force(*, act: Act, now: datetime) -> dict[int, KycRule]:
    """Return the rule of each level for an act."""
    return {rule.level: rule for rule in _newest_rules(act, now)}


@compiled
def _newest_rules(act: Act, now: datetime) -> QuerySet[KycRule]:
    rules = KycRule.objects.filter(act=act, effective_at__lte=now)
    return rules.order_by("level", "-effective_at").distinct("level")


def permitted(customer: Customer, act: Act, *, now: datetime) -> Allowance:
    """Return how much of an act a customer may do, or refuse and say what they can do about it.

    What they have done already today and this month is for the caller to count, and `Allowance.
    passed` to compare; see `require_within`.

    Raises:
        EmailUnverified, CountryIneligible, TermsRequired: what its title says, first.
        NotVerified: a higher level is needed; `facts` name it and the next step.
    """
    if customer.user.email_verified_at is None:
        raise EmailUnverified(next="/v1/auth/email/verify")
    if customer.country in SANCTIONED:
        raise CountryIneligible(country=customer.country)
    accepted = acceptances(customer_id=customer.id)
    missing = [terms for terms in terms_in_force(now=now) if terms.id not in accepted]
    if missing:
        raise TermsRequired(missing=[terms.shown_id for terms in missing], next="/v1/terms")
    level, rules = level_of(customer_id=customer.id, now=now), rules_in_force(act=act, now=now)
    rule = rules.get(level)
    if rule is None or not rule.allowed:
        enough = [above for above, its in rules.items() if above > level and its.allowed]
        raise NotVerified(
            act=act.lower(),
            level=level,
            required_level=min(enough) if enough else None,
            next="/v1/verifications",
        )
    return Allowance(
        act=act,
        level=level,
        currency=rule.currency,
        per_day=rule.per_day,
        per_month=rule.per_month,
    )


def require_within(allowance: Allowance, *, day: Decimal, month: Decimal) -> None:
    """Refuse sums, the new amount included and in the allowance's currency, that pass it.

    Raises:
        LimitPassed: `facts` say which limit, how much it is, and what to do about it.
    """
    period = allowance.passed(day=day, month=month)
    if period is not None:
        limit = allowance.per_day if period == "day" else allowance.per_month
        raise LimitPassed(
            act=allowance.act.lower(),
            period=period,
            limit={"amount": plain(limit or Decimal(0)), "currency": allowance.currency},
            next="/v1/verifications",
        )
