"""Where a dispute stands, from what was said of it in whatever order.

Source: the card policy, section 7.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Said:
    """What Stripe has said so far."""

    submitted: bool
    lost: bool
    reinstated: bool
    rescinded: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What should have moved: to the customer, out of suspense, in from the network."""

    credited: Decimal
    from_suspense: Decimal
    from_network: Decimal


def standing(said: Said, *, amount: Decimal, reinstated: Decimal, provisional: bool) -> Standing:
    """Return where a dispute stands; the last word of the network wins, not the last to arrive.

    `amount` is what was disputed, `reinstated` what the network gave back. Won: the network's
    money makes suspense good; a customer who is credited ahead keeps that amount and the
    difference is the house's, one who is not gets what came. Lost, or rescinded after a win:
    nothing.
    """
    nothing = Decimal(0)
    ahead = said.submitted and provisional
    if said.rescinded:
        return Standing(nothing, nothing, nothing)
    if said.reinstated:
        return Standing(amount if ahead else reinstated, nothing, reinstated)
    if said.lost or not ahead:
        return Standing(nothing, nothing, nothing)
    return Standing(amount, amount, nothing)
