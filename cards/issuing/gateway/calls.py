"""What we ask of Stripe. Every call is outside transactions, short, and safe to make again.

Objects come back as the plain JSON that Stripe sent. Source: Stripe's Issuing API.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import stripe
from django.conf import settings

from cards.issuing.gateway.events import API_VERSION
from krak.core.errors import DomainError, Kind

SECONDS: Final = 10
"""Longer than Stripe ever takes; what is slower is taken for away."""
PER_PAGE: Final = 100
OWN_ID: Final = "krak_id"
"""Under this name Stripe keeps our id of an object, so that one made in vain is found again."""


class StripeRefused(DomainError):
    """Stripe understood and said no; the same call again will not be answered otherwise."""

    code = "issuing.refused"
    title = "The card processor refused."
    kind = Kind.REFUSED


class StripeUnavailable(DomainError):
    """Stripe did not answer, or is not itself; the same call later may work."""

    code = "issuing.processor_unavailable"
    title = "The card processor does not answer right now."
    kind = Kind.UNAVAILABLE


def is_connected() -> bool:
    """Tell whether there is a Stripe to speak to; a sandbox may go without."""
    return bool(settings.STRIPE_API_KEY)


def create_cardholder(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Make a cardholder; the same `key` again returns the same one."""
    with _speaking() as v1:
        return _json(v1.issuing.cardholders.create(dict(fields), {"idempotency_key": key}))


def update_cardholder(stripe_id: str, fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Change a cardholder."""
    with _speaking() as v1:
        made = v1.issuing.cardholders.update(stripe_id, dict(fields), {"idempotency_key": key})
        return _json(made)


def find_cardholder(own_id: str, *, email: str) -> dict[str, Any] | None:
    """Return the cardholder that was made for our id, if one was."""
    with _speaking() as v1:
        found = v1.issuing.cardholders.list({"email": email, "limit": PER_PAGE})
        return _with_own_id(found, own_id)


def create_card(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Make a card; the same `key` again returns the same one."""
    with _speaking() as v1:
        return _json(v1.issuing.cards.create(dict(fields), {"idempotency_key": key}))


def update_card(stripe_id: str, fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Change a card."""
    with _speaking() as v1:
        return _json(v1.issuing.cards.update(stripe_id, dict(fields), {"idempotency_key": key}))


def find_card(own_id: str, *, cardholder: str) -> dict[str, Any] | None:
    """Return the card that was made for our id, if one was."""
    with _speaking() as v1:
        found = v1.issuing.cards.list({"cardholder": cardholder, "limit": PER_PAGE})
        return _with_own_id(found, own_id)


def ephemeral_key(stripe_card_id: str, *, stripe_version: str, nonce: str | None) -> dict[str, Any]:
    """Return a key with which one app may ask Stripe for one card's secrets, for minutes.

    `stripe_version` is the version that the app's SDK speaks; with `nonce` the key is good only
    for whoever made the nonce. Source: Stripe, "Issuing Elements" and "Digital wallets".
    """
    asked: dict[str, Any] = {"issuing_card": stripe_card_id}
    if nonce is not None:
        asked["nonce"] = nonce
    with _speaking() as v1:
        return _json(v1.ephemeral_keys.create(asked, {"stripe_version": stripe_version}))


def authorizations(*, created_since: int) -> Iterator[dict[str, Any]]:
    """Yield all authorizations of all cards made since (seconds since 1970), newest first."""
    with _speaking() as v1:
        asked: Any = {"created": {"gte": created_since}, "limit": PER_PAGE}
        for each in v1.issuing.authorizations.list(asked).auto_paging_iter():
            yield _json(each)


def transactions(*, created_since: int) -> Iterator[dict[str, Any]]:
    """Yield all transactions of all cards made since (seconds since 1970), newest first."""
    with _speaking() as v1:
        asked: Any = {"created": {"gte": created_since}, "limit": PER_PAGE}
        for each in v1.issuing.transactions.list(asked).auto_paging_iter():
            yield _json(each)


def authorization(stripe_id: str) -> dict[str, Any]:
    """Return one authorization as it stands."""
    with _speaking() as v1:
        return _json(v1.issuing.authorizations.retrieve(stripe_id))


def balance() -> dict[str, Any]:
    """Return what lies at Stripe; `issuing.available` is what cards may spend."""
    with _speaking() as v1:
        return _json(v1.balance.retrieve())


def create_top_up(fields: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Send money to the Issuing balance; the same `key` again sends nothing more."""
    with _speaking() as v1:
        asked: Any = dict(fields)
        return _json(v1.topups.create(asked, {"idempotency_key": key}))


@contextmanager
def _speaking() -> Iterator[Any]:
    """Give the client, and turn what goes wrong into one of two refusals."""
    if not is_connected():
        raise StripeUnavailable("No card processor is connected.")
    try:
        yield _client(settings.STRIPE_API_KEY, settings.STRIPE_API_BASE).v1
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        if error.code == "resource_missing":
            # Made a moment ago, perhaps, and not everywhere known yet.
            raise StripeUnavailable(str(error)) from error
        raise StripeRefused(str(error.user_message or error), param=error.param) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        # Not the customer's fault and nothing that asking again mends: staff must look.
        raise StripeRefused(f"{type(error).__name__}: {error}") from error
    except stripe.StripeError as error:
        raise StripeUnavailable(f"{type(error).__name__}: {error}") from error


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else {},
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=SECONDS),
    )


def _json(stripe_object: Any) -> dict[str, Any]:
    found: dict[str, Any] = stripe_object.to_dict(for_json=True)
    return found


def _with_own_id(found: Any, own_id: str) -> dict[str, Any] | None:
    for each in found.auto_paging_iter():
        as_json = _json(each)
        if (as_json.get("metadata") or {}).get(OWN_ID) == own_id:
            return as_json
    return None
