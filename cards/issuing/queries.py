"""Reads of cards and policies."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from cards.issuing.models import (
    Card,
    CardDirectory,
    Cardholder,
    CardStatus,
    Policy,
    SpendingProfile,
    WalletToken,
)
from cards.issuing.rules import Controls
from krak.core.errors import DomainError, Kind
from krak.core.ids import id_of, show
from krak.customers.models import Customer


class CardholderMissing(DomainError):
    """Cards are issued to a person, and who that is was not told yet."""

    code = "cards.cardholder_missing"
    title = "Tell us first who the card is for: PUT /v1/cardholder."
    kind = Kind.CONFLICT


def cardholder_of(*, customer_id: UUID) -> Cardholder:
    """Return who the customer is to Stripe.

    Raises:
        CardholderMissing: they have not told yet.
    """
    found = Cardholder.objects.filter(customer_id=customer_id).first()
    if found is None:
        raise CardholderMissing
    return found


def controls_of(card: Card) -> Controls:
    """Return what its owner allows a card."""
    return Controls(
        purchase_limit=card.purchase_limit,
        daily_limit=card.daily_limit,
        monthly_limit=card.monthly_limit,
        atm_enabled=card.atm_enabled,
        online_enabled=card.online_enabled,
        blocked_countries=tuple(card.blocked_countries),
        blocked_mccs=tuple(card.blocked_mccs),
    )


def wallet_tokens(*, card: Card) -> QuerySet[WalletToken]:
    """Return the wallets that a card is, or was, in."""
    return WalletToken.objects.filter(customer_id=card.customer_id, card=card)


def cards(*, customer_id: UUID) -> QuerySet[Card]:
    """Return all cards the customer ever had."""
    return Card.objects.filter(customer_id=customer_id)


def newest_card(*, customer_id: UUID) -> Card | None:
    """Return the customer's newest card, or None."""
    return Card.objects.filter(customer_id=customer_id).order_by("-created_at", "-id").first()


def spending_profile(*, customer_id: UUID) -> SpendingProfile:
    """Return how the customer pays."""
    return SpendingProfile.objects.get(customer_id=customer_id)


def spending_profiles(customer_ids: Iterable[UUID]) -> dict[UUID, SpendingProfile]:
    """Return how each of these customers pays."""
    return SpendingProfile.objects.in_bulk(set(customer_ids))


def spending_of(*, customer: Customer) -> SpendingProfile:
    """Return how the customer pays; until they say, or have a card, as everybody does."""
    found = SpendingProfile.objects.filter(customer=customer).first()
    return found or SpendingProfile(customer=customer, cashback_asset=customer.home_currency)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a policy judges: what arrives in a currency at a moment, of a customer or anybody."""

    customer_id: UUID | None
    currency: str
    at: datetime


def policy_in_force(*, customer_id: UUID | None, currency: str, at: datetime) -> Policy:
    """Return the policy that judges what arrives at `at`; before there was one, the first."""
    return policies_in_force([Judged(customer_id, currency, at)])[0]


def policies_in_force(wanted: Sequence[Judged]) -> list[Policy]:
    """Return the policy that judges each; before there was one, the first. A customer's own wins.

    Raises:
        LookupError: there is none at all for one of them.
    """
    policies = Policy.objects.filter(
        Q(customer_id__in={each.customer_id for each in wanted}) | Q(customer_id=None),
        currency__in={"", *(each.currency for each in wanted)},
    ).order_by("effective_at", "id")
    of: defaultdict[UUID | None, list[Policy]] = defaultdict(list)
    for policy in policies:
        of[policy.customer_id].append(policy)
    return [
        _in_force([*of[None], *(of[each.customer_id] if each.customer_id else ())], each)
        for each in wanted
    ]


def _in_force(policies: Iterable[Policy], wanted: Judged) -> Policy:
    """Return the policy in force: of everybody's and then the customer's own, oldest first."""
    concerned = [policy for policy in policies if policy.currency in {"", wanted.currency}]
    if not concerned:
        raise LookupError(f"no policy in force for {wanted.currency} at {wanted.at}")
    effective = [policy for policy in concerned if policy.effective_at <= wanted.at]
    if effective:
        return effective[-1]
    return min(concerned, key=lambda policy: (policy.effective_at, policy.id))


class CardNotFound(DomainError):
    """No such card, or not one of the customer's."""

    code = "cards.not_found"
    title = "There is no such card."
    kind = Kind.NOT_FOUND


class CardNotReady(DomainError):
    """The card is still being made; in a few seconds it is there."""

    code = "cards.not_ready"
    title = "The card is still being made."
    kind = Kind.CONFLICT
    retryable = True


class CardEnded(DomainError):
    """A canceled card stays canceled."""

    code = "cards.canceled"
    title = "The card is canceled."
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose a card is, and what it pays in."""

    customer_id: UUID
    card_id: UUID
    currency: str


def owners_of_cards(stripe_ids: Iterable[str]) -> dict[str, Owned]:
    """Return whose cards these of Stripe's are; those that are nobody's here are left out."""
    known = CardDirectory.objects.filter(stripe_id__in=set(stripe_ids))
    rows = known.values_list("stripe_id", "customer_id", "card_id", "card__currency")
    return {
        stripe_id: Owned(customer_id, card_id, currency)
        for stripe_id, customer_id, card_id, currency in rows
    }


def shown_card_id(card_id: UUID) -> str:
    """Return the id of a card that clients see."""
    return show(Card.PREFIX, card_id)


def stripe_id_of(card: Card) -> str:
    """Return Stripe's id of a card.

    Raises:
        CardNotReady: it is still being made.
        CardEnded: it ended before it was made.
    """
    if card.stripe_id:
        return card.stripe_id
    raise (CardEnded if card.status == CardStatus.CANCELED else CardNotReady)(card=card.shown_id)


def card_of(*, customer_id: UUID, shown_id: str | None = None) -> Card:
    """Return the customer's card by its shown id, or their newest.

    Raises:
        CardNotFound: there is none, or it is another customer's.
    """
    if shown_id is None:
        found = newest_card(customer_id=customer_id)
    else:
        wanted = id_of(Card.PREFIX, shown_id, CardNotFound)
        found = Card.objects.filter(customer_id=customer_id, id=wanted).first()
    if found is None:
        raise CardNotFound
    return found
