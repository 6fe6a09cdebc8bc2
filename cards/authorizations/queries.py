"""Reads of authorizations and the decisions on them."""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet
from moneyed import Money

from cards.authorizations.models import Authorization, Decision, Outcome, StrayRequest
from cards.authorizations.rules import Status
from cards.issuing import queries as issuing
from cards.issuing.rules import reward_of
from krak.core.compiled import compiled
from krak.core.errors import DomainError, Kind
from krak.core.ids import show
from krak.core.money import money, places_of

if TYPE_CHECKING:
    from cards.issuing.models import Policy


class AuthorizationNotFound(DomainError):
    """No such authorization, or not one of the customer's."""

    code = "authorizations.not_found"
    title = "There is no such authorization."
    kind = Kind.NOT_FOUND


def authorizations(*, customer_id: UUID) -> QuerySet[Authorization]:
    """Return the customer's authorizations; `with_answers` brings the decisions on them."""
    return Authorization.objects.filter(customer_id=customer_id)


def with_answers(found: Collection[Authorization], *, customer_id: UUID) -> list[Authorization]:
    """Return these of a customer's authorizations with their decisions as `answered`, by step.

    The decisions are without what they were made of.
    """
    answered: dict[UUID, list[Decision]] = {each.id: [] for each in found}
    for decision in _answers(customer_id, answered):
        answered[decision.authorization_id].append(decision)
    for each in found:
        each.answered = answered[each.id]
    return list(found)


@compiled
def _answers(customer_id: UUID, authorization_ids: Collection[UUID]) -> QuerySet[Decision]:
    found = Decision.objects.filter(
        customer_id=customer_id, authorization_id__any=authorization_ids
    )
    return found.defer("inputs", "request", "answer").order_by("step")


def authorization(authorization_id: UUID, *, customer_id: UUID) -> Authorization:
    """Return one authorization of the customer with its decisions whole, as `answered`.

    Raises:
        AuthorizationNotFound: there is none, or it is another customer's: nobody can tell which.
    """
    found = _authorizations.first(customer_id, authorization_id)
    if found is None:
        raise AuthorizationNotFound
    found.answered = _decisions(customer_id, authorization_id)
    return found


@compiled
def _authorizations(customer_id: UUID, authorization_id: UUID) -> QuerySet[Authorization]:
    return Authorization.objects.filter(customer_id=customer_id, id=authorization_id)


@compiled
def _decisions(customer_id: UUID, authorization_id: UUID) -> QuerySet[Decision]:
    return Decision.objects.filter(
        customer_id=customer_id, authorization_id=authorization_id
    ).order_by("step")


def shown_id(authorization_id: UUID) -> str:
    """Return the id of an authorization that clients see."""
    return show(Authorization.PREFIX, authorization_id)


def expected_rewards(found: Iterable[Authorization]) -> dict[UUID, Money]:
    """Return what of `authorizations` has not cleared yet, and would earn, by id.

    In the card's currency; what would earn nothing is left out.
    """
    pending = [each for each in found if each.approved and each.status == Status.PENDING]
    if not pending:
        return {}
    policies = issuing.policies_in_force(
        [issuing.Judged(each.customer_id, each.currency, each.created_at) for each in pending]
    )
    rewards = {
        each.id: money(
            earned(_uncleared(each), mcc=each.mcc, currency=each.currency, policy=policy),
            each.currency,
        )
        for each, policy in zip(pending, policies, strict=True)
    }
    return {key: reward for key, reward in rewards.items() if reward.amount > 0}


def earned(net: Decimal, *, mcc: str, currency: str, policy: "Policy") -> Decimal:
    """Return what so much of a purchase at a kind of merchant would earn, in its currency."""
    rewarded = Decimal(0) if mcc in policy.unrewarded_mccs else net
    return reward_of(rewarded, bps=policy.cashback_bps, places=places_of(currency))


def rewards_to_come(*, customer_id: UUID) -> list[Money]:
    """Return what the customer's purchases that have not cleared yet would earn, per currency."""
    pending = authorizations(customer_id=customer_id).filter(status=Status.PENDING, approved=True)
    rewards = expected_rewards(with_answers(pending, customer_id=customer_id))
    sums: dict[str, Money] = {}
    for reward in rewards.values():
        code = reward.currency.code
        sums[code] = sums[code] + reward if code in sums else reward
    return [sums[code] for code in sorted(sums)]


def _uncleared(authorization: Authorization) -> Decimal:
    """Return what was approved, is not captured yet, and is no cash."""
    answers = authorization.answered
    approved = (each.cash_amount for each in answers if each.outcome != Outcome.DECLINED)
    cash: Decimal = sum(approved, Decimal(0))
    left: Decimal = authorization.amount - authorization.captured - cash
    return left


def ids_by_stripe_id(*, customer_id: UUID, stripe_ids: Iterable[str]) -> dict[str, UUID]:
    """Return our ids of those of the customer's authorizations that Stripe names so."""
    return dict(
        Authorization.objects.filter(
            customer_id=customer_id, stripe_id__in=list(stripe_ids)
        ).values_list("stripe_id", "id")
    )


def seen_before(wanted: Mapping[str, UUID]) -> dict[str, Authorization]:
    """Return those authorizations (Stripe's id → its customer) that are here, by Stripe's id."""
    # By owner first: that is how the rows are indexed, and would be distributed.
    rows = Authorization.objects.filter(
        customer_id__in=set(wanted.values()), stripe_id__in=list(wanted)
    )
    return {row.stripe_id: row for row in rows if row.customer_id == wanted[row.stripe_id]}


def is_anybodys(stripe_ids: Iterable[str]) -> bool:
    """Tell whether any of these of Stripe's authorizations is here, whosever it is."""
    return Authorization.objects.filter(stripe_id__in=list(stripe_ids)).exists()


def approved_by_step(authorization: Authorization) -> dict[int, Decimal | None]:
    """Return what we approved in each step that we decided; None where we declined."""
    decisions = Decision.objects.filter(
        customer_id=authorization.customer_id, authorization_id=authorization.id
    )
    return {
        step: None if outcome == Outcome.DECLINED else approved
        for step, outcome, approved in decisions.values_list("step", "outcome", "approved_amount")
    }


def declined_as_strays(stripe_ids: Iterable[str]) -> set[str]:
    """Return those of Stripe's ids whose first request was declined without a customer's book."""
    first = StrayRequest.objects.filter(stripe_id__in=list(stripe_ids), step=0)
    return set(first.values_list("stripe_id", flat=True))
