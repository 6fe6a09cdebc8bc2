"""What happens to people: they arrive, tell who they are, are checked, frozen and thawed."""

from krak.customers.services.people import (
    confirm_email,
    end_token,
    end_tokens,
    freeze,
    issue_token,
    move,
    register,
    unfreeze,
    welcome,
)
from krak.customers.services.profiles import set_display_currency, tell
from krak.customers.services.tags import claim_tag
from krak.customers.services.terms import accept_terms
from krak.customers.services.verification import (
    ask_provider,
    decide,
    expire,
    start_verification,
    submit_verification,
    vouch_for,
)

__all__ = [
    "accept_terms",
    "ask_provider",
    "claim_tag",
    "confirm_email",
    "decide",
    "end_token",
    "end_tokens",
    "expire",
    "freeze",
    "issue_token",
    "move",
    "register",
    "set_display_currency",
    "start_verification",
    "submit_verification",
    "tell",
    "unfreeze",
    "vouch_for",
    "welcome",
]
