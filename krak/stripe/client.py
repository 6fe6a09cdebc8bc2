"""Speaking to Stripe: one client, two ways to fail. Every call is outside transactions.

Objects come back as the plain JSON that Stripe sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import stripe
from django.conf import settings

from krak.core.errors import DomainError, Kind
from krak.stripe.events import API_VERSION

SECONDS: Final = 10
"""Longer than Stripe ever takes; what is slower is taken for away."""
PER_PAGE: Final = 100
OWN_ID: Final = "krak_id"
"""Under this name Stripe keeps our id of an object, so that one made in vain is found again."""


class StripeRefused(DomainError):
    """Stripe understood and said no; the same call again will not be answered otherwise."""

    code = "processor.refused"
    title = "The card processor refused."
    kind = Kind.REFUSED


class StripeUnavailable(DomainError):
    """Stripe did not answer, or is not itself; the same call later may work."""

    code = "processor.unavailable"
    title = "The card processor does not answer right now."
    kind = Kind.UNAVAILABLE


def is_connected() -> bool:
    """Tell whether there is a Stripe to speak to; a sandbox may go without."""
    return bool(settings.STRIPE_API_KEY)


@contextmanager
def speaking() -> Iterator[Any]:
    """Give the client's services, and turn what goes wrong into one of two refusals.

    Raises:
        StripeRefused, StripeUnavailable: which of the two tells whether to ask again.
    """
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


def as_json(stripe_object: Any) -> dict[str, Any]:
    found: dict[str, Any] = stripe_object.to_dict(for_json=True)
    return found


def with_own_id(found: Any, own_id: str) -> dict[str, Any] | None:
    """Return the one object of a list that was made for our id, if there is one."""
    for each in found.auto_paging_iter():
        shown = as_json(each)
        if (shown.get("metadata") or {}).get(OWN_ID) == own_id:
            return shown
    return None


def own_id_of(stripe_object: dict[str, Any]) -> str:
    """Return our id of an object that Stripe tells of, "" if it was not made for us."""
    metadata = stripe_object.get("metadata")
    return str(metadata.get(OWN_ID) or "") if isinstance(metadata, dict) else ""
