"""Find out who customers are: started by them, checked by a provider, decided by it or by staff."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db import transaction as django_transaction

from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.rows import locked, save_row
from krak.core.transactions import takes_part, transaction
from krak.customers import queries
from krak.customers.models import (
    Customer,
    Profile,
    TermsAcceptance,
    User,
    Verification,
    VerificationState,
)
from krak.customers.providers import Answer, Application, Outcome, provider
from krak.customers.services.profiles import require_served

LASTS: Final = {1: timedelta(days=5 * 365), 2: timedelta(days=3 * 365)}
"""How long an approval holds before the customer is asked again. Source: our risk policy."""
ADULT_YEARS: Final = 18
NEEDED_FOR_LEVEL_2: Final = frozenset({"passport", "identity_card", "driving_licence"})


class VerificationUnderWay(DomainError):
    """One attempt at a level is enough."""

    code = "customers.verification_under_way"
    title = "This level is being verified already."
    kind = Kind.CONFLICT


class VerificationNotNeeded(DomainError):
    """The level is reached."""

    code = "customers.verification_not_needed"
    title = "This level is reached already."
    kind = Kind.CONFLICT


class VerificationNotOpen(DomainError):
    """The verification is not where that can be done to it."""

    code = "customers.verification_not_open"
    title = "The verification is past that."
    kind = Kind.CONFLICT


class ProfileIncomplete(DomainError):
    """Something that is checked was not told yet."""

    code = "customers.profile_incomplete"
    title = "Complete the profile first: PATCH /v1/me."
    kind = Kind.REFUSED


class DocumentMissing(DomainError):
    """Level 2 wants a document with a picture, and a look at the person."""

    code = "customers.document_missing"
    title = "Level 2 needs a passport, identity card or driving licence, and a liveness check."
    kind = Kind.REFUSED


class TooYoung(DomainError):
    """Children have no account."""

    code = "customers.too_young"
    title = f"Customers are at least {ADULT_YEARS} years old."
    kind = Kind.FORBIDDEN


class ReasonMissing(DomainError):
    """A decision by hand was to be made without saying why."""

    code = "customers.verification_reason_missing"
    title = "Deciding a verification needs a reason."


@takes_part
def start_verification(*, customer_id: UUID, level: int, now: datetime) -> Verification:
    """Begin an attempt to reach a level.

    Raises:
        VerificationNotNeeded: it is reached.
        VerificationUnderWay: an attempt is open.
    """
    if queries.level_of(customer_id=customer_id, now=now) >= level:
        raise VerificationNotNeeded(level=level)
    try:
        with django_transaction.atomic():
            return Verification.objects.create(
                id=uuid7(),
                customer_id=customer_id,
                level=level,
                provider=settings.KYC_PROVIDER,
                started_at=now,
            )
    except IntegrityError:
        raise VerificationUnderWay(level=level) from None


@takes_part
def submit_verification(
    *,
    customer_id: UUID,
    verification_id: UUID,
    documents: Sequence[Mapping[str, str]],
    now: datetime,
) -> Verification:
    """Hand an attempt in, with what the profile says now, and promise to ask the provider.

    `documents` are references of the provider's: {"kind", "reference"}; its own upload gave them.

    Raises:
        VerificationNotFound, VerificationNotOpen: there is no such attempt, or it was handed in.
        ProfileIncomplete: names, birth date or tax residence were not told.
        TooYoung, CountryNotServed: they cannot be our customer.
        DocumentMissing: level 2 without a document or the liveness check.
    """
    found = queries.verification_of(customer_id=customer_id, verification_id=verification_id)
    found = _locked(found.id)
    if found.state != VerificationState.STARTED:
        raise VerificationNotOpen(state=found.state.lower())
    customer = Customer.objects.get(id=customer_id)
    profile = Profile.objects.get(customer_id=customer_id)
    missing = [
        name for name in ("first_name", "last_name", "born_on") if not getattr(profile, name)
    ]
    if missing:
        raise ProfileIncomplete(missing=missing, next="/v1/me")
    require_served(customer.country)
    born = profile.born_on
    if (
        born is None
        or _birthday(born.year + ADULT_YEARS, born.month, born.day) > now.date().toordinal()
    ):
        raise TooYoung
    kinds = {document["kind"] for document in documents}
    if found.level == 2 and not (kinds & NEEDED_FOR_LEVEL_2 and "liveness" in kinds):  # noqa: PLR2004
        raise DocumentMissing(next=f"/v1/verifications/{found.shown_id}/submit")
    found.state, found.submitted_at = VerificationState.SUBMITTED, now
    found.documents = [dict(document) for document in documents]
    found.person = {
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "born_on": born.isoformat(),
        "country": customer.country,
    }
    save_row(found)
    outbox.promise("customers.verify", {"verification": str(found.id)})
    return found


def _birthday(year: int, month: int, day: int) -> int:
    """Return the day on which somebody is of age; born on 29 February, that is 1 March."""
    try:
        return datetime(year, month, day).toordinal()  # noqa: DTZ001 - a date
    except ValueError:
        return datetime(year, 3, 1).toordinal()  # noqa: DTZ001 - a date


def ask_provider(*, verification_id: UUID, now: datetime) -> None:
    """Ask who checks, outside transactions, and keep the answer; again is harmless."""
    found = Verification.objects.get(id=verification_id)
    if found.state != VerificationState.SUBMITTED:
        return
    answer = provider(found.provider).check(
        Application(
            id=found.shown_id, level=found.level, person=found.person, documents=found.documents
        )
    )
    with transaction():
        _keep(found.id, answer, now=now)


@takes_part
def _keep(verification_id: UUID, answer: Answer, *, now: datetime) -> None:
    found = _locked(verification_id)
    if found.state != VerificationState.SUBMITTED:
        return
    found.provider_reference = answer.reference
    if answer.outcome is Outcome.REVIEW:
        found.state, found.reason = VerificationState.IN_REVIEW, answer.reason
        save_row(found)
    else:
        _conclude(found, approved=answer.outcome is Outcome.APPROVED, reason=answer.reason, now=now)


@takes_part
def decide(
    *, verification_id: UUID, approved: bool, reason: str, by: User, now: datetime
) -> Verification:
    """Approve or reject what is in review, as a member of staff found.

    Raises:
        ReasonMissing: the reason is empty.
        VerificationNotOpen: it is not in review.
    """
    if not reason.strip():
        raise ReasonMissing
    found = _locked(verification_id)
    if found.state != VerificationState.IN_REVIEW:
        raise VerificationNotOpen(state=found.state.lower())
    found.decided_by = by
    _conclude(found, approved=approved, reason=reason.strip(), now=now)
    return found


def _conclude(found: Verification, *, approved: bool, reason: str, now: datetime) -> None:
    found.state = VerificationState.APPROVED if approved else VerificationState.REJECTED
    found.reason, found.decided_at = reason, now
    if approved:
        found.expires_at = now + LASTS[found.level]
    save_row(found)
    outbox.promise(
        "notifications.tell",
        {
            "customer": str(found.customer_id),
            "kind": "verification_decided",
            "facts": {"level": found.level, "state": found.state.lower(), "reason": found.reason},
        },
    )


@takes_part
def expire(*, now: datetime) -> int:
    """End approvals whose time is over; return how many."""
    due = Verification.objects.filter(state=VerificationState.APPROVED, expires_at__lte=now)
    return due.update(state=VerificationState.EXPIRED)


@takes_part
def vouch_for(*, customer: Customer, now: datetime) -> None:
    """Make a customer fully verified, as if all had been checked: for the sandbox's customers."""
    Verification.objects.create(
        id=uuid7(),
        customer=customer,
        level=2,
        provider="sandbox",
        state=VerificationState.APPROVED,
        started_at=now,
        submitted_at=now,
        decided_at=now,
        expires_at=now + LASTS[2],
    )
    TermsAcceptance.objects.bulk_create(
        [
            TermsAcceptance(id=uuid7(), customer=customer, terms=terms, accepted_at=now)
            for terms in queries.terms_in_force(now=now)
        ]
    )


def _locked(verification_id: UUID) -> Verification:
    [found] = locked(Verification.objects.filter(id=verification_id))
    return found
