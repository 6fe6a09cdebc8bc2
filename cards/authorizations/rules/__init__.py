"""The card's decision, pure: `decision` judges, `facts` reads what it is judged on."""

from enum import StrEnum


class Status(StrEnum):
    """Where an authorization stands; the values are Stripe's, in capitals."""

    PENDING = "PENDING"
    CLOSED = "CLOSED"
    REVERSED = "REVERSED"
    EXPIRED = "EXPIRED"
