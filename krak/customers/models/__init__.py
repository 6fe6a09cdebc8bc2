"""People, what they told us of themselves, and what was found out about it."""

from krak.customers.models.people import AccessToken, Customer, Profile, User
from krak.customers.models.tags import Tag
from krak.customers.models.terms import Terms, TermsAcceptance
from krak.customers.models.verification import Act, KycRule, Verification, VerificationState

__all__ = [
    "AccessToken",
    "Act",
    "Customer",
    "KycRule",
    "Profile",
    "Tag",
    "Terms",
    "TermsAcceptance",
    "User",
    "Verification",
    "VerificationState",
]
