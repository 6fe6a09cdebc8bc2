"""People arrive, get a token, are frozen and thawed."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from krak.core.audit.context import because
from krak.core.errors import DomainError
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part
from krak.customers.models import AccessToken, Customer, Profile, User

TOKEN_LIFE = timedelta(days=90)


class ReasonMissing(DomainError):
    """Staff were to change something about a customer without saying why."""

    code = "customers.reason_missing"
    title = "Freezing, unfreezing and moving a customer need a reason."


@takes_part
def register(*, email: str, name: str, country: str, home_currency: str) -> Customer:
    """Make a user without a password and the customer they are."""
    user = User.objects.create_user(email)
    return welcome(user=user, name=name, country=country, home_currency=home_currency)


@takes_part
def welcome(*, user: User, name: str, country: str, home_currency: str) -> Customer:
    """Make the customer that a user is; their book is opened by whatever first needs it."""
    customer = Customer.objects.create(
        user=user, name=name, country=country, home_currency=home_currency
    )
    Profile.objects.create(customer=customer)
    return customer


@takes_part
def confirm_email(*, user: User, email: str, now: datetime) -> None:
    """Note that the user reads the mail of `email`, which is their address from now on."""
    user.email, user.email_verified_at = email, now
    user.save(update_fields=["email", "email_verified_at"])


@takes_part
def issue_token(*, customer: Customer, device: str, now: datetime) -> str:
    """Return a new bearer token for the customer's device; it is shown this once."""
    token = f"krak_{secrets.token_urlsafe(32)}"
    AccessToken.objects.create(
        user=customer.user,
        digest=hashlib.sha256(token.encode()).digest(),
        device=device,
        expires_at=now + TOKEN_LIFE,
    )
    return token


@takes_part
def end_tokens(*, user_id: UUID, now: datetime) -> None:
    """End every bearer token of a user at once."""
    AccessToken.objects.filter(user_id=user_id, ended_at=None).update(ended_at=now)


@takes_part
def end_token(*, user_id: UUID, token_id: UUID, now: datetime) -> bool:
    """End one bearer token of a user, and tell whether there was one to end."""
    found = AccessToken.objects.filter(user_id=user_id, id=token_id, ended_at=None)
    return found.update(ended_at=now) > 0


@takes_part
def freeze(*, customer_id: UUID, reason: str, now: datetime) -> None:
    """Let no card of this customer pay until `unfreeze`; again is harmless.

    Raises:
        ReasonMissing: there is no reason to be kept with the change.
    """
    with because(_required(reason)):
        Customer.objects.filter(id=customer_id, frozen_at=None).update(frozen_at=now)


@takes_part
def unfreeze(*, customer_id: UUID, reason: str) -> None:
    """Let the customer's cards pay again; again is harmless.

    Raises:
        ReasonMissing: there is no reason to be kept with the change.
    """
    with because(_required(reason)):
        Customer.objects.filter(id=customer_id).exclude(frozen_at=None).update(frozen_at=None)


@takes_part
def move(*, customer_id: UUID, country: str, reason: str) -> None:
    """Note where a verified customer lives now, as new documents say; again is harmless.

    What they hold stays theirs and can be sold, what they may buy is judged by the new country. The
    home currency stays: their lots and gains are reckoned in it. They are told.

    Raises:
        ReasonMissing: there is no reason to be kept with the change.
    """
    with because(_required(reason)):
        elsewhere = Customer.objects.filter(id=customer_id).exclude(country=country)
        moved = elsewhere.update(country=country)
    if moved:
        outbox.promise(
            "notifications.tell",
            {"customer": str(customer_id), "kind": "moved", "facts": {"country": country}},
        )


def _required(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()
