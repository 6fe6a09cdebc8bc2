"""The card network: what it decides is told by the fake of Stripe, at the real, signed door."""

from django.conf import settings

from cards.disputes.models import Dispute
from krak.core.errors import DomainError, Kind
from krak.sandbox.issuer.client import Control
from krak.stripe.client import StripeUnavailable


class NotDecidable(DomainError):
    """The network was not asked, or has answered."""

    code = "sandbox.dispute_not_decidable"
    title = "The card network does not have this dispute, or has decided it already."
    kind = Kind.CONFLICT


def decide(dispute: Dispute, outcome: str) -> None:
    """Let the network decide a submitted dispute: `won`, `lost`, or `rescinded` after a win.

    Raises:
        StripeUnavailable: there is no fake.
        NotDecidable: it is not submitted, or this cannot become of it any more.
    """
    if not settings.STRIPE_API_BASE:
        raise StripeUnavailable
    if not dispute.stripe_id:
        raise NotDecidable
    with Control(settings.STRIPE_API_BASE) as control:
        try:
            control.decide(dispute.stripe_id, outcome)
        except RuntimeError as problem:
            raise NotDecidable(said=str(problem)) from None
