"""What happens to cards and to how their owners pay: wished here, told to Stripe by a job."""

from cards.issuing.services.cardholders import enrol
from cards.issuing.services.cards import (
    add_card,
    add_cardholder,
    cancel,
    freeze,
    order,
    replace,
    set_controls,
    unfreeze,
)
from cards.issuing.services.hearing import hear_of_card, hear_of_cardholder, hear_of_token
from cards.issuing.services.secrets import key_to_secrets, set_pin
from cards.issuing.services.spending import (
    exclude_asset,
    open_spending,
    set_policy,
    set_spending,
)
from cards.issuing.services.telling import tell_again, tell_card, tell_cardholder

__all__ = [
    "add_card",
    "add_cardholder",
    "cancel",
    "enrol",
    "exclude_asset",
    "freeze",
    "hear_of_card",
    "hear_of_cardholder",
    "hear_of_token",
    "key_to_secrets",
    "open_spending",
    "order",
    "replace",
    "set_controls",
    "set_pin",
    "set_policy",
    "set_spending",
    "tell_again",
    "tell_card",
    "tell_cardholder",
    "unfreeze",
]
