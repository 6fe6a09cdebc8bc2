"""What is known of people, and what becomes of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from krak.core.audit import services as audit
from krak.core.personal import Obstacle, Person, holds, objects, sweeps
from krak.customers.models import Tag, User, Verification
from krak.customers.models.verification import OPEN

EVIDENCE: Final = "evidence of what was agreed"


def _address(user: User) -> str:
    return f"{user.pk.hex}@erased.invalid"


def _tag(tag: Tag) -> str:
    return f"x{tag.pk.hex[-19:]}"


def _reason(verification: Verification) -> str:
    return "erased" if verification.reason else ""


holds(
    "customers.Customer", of="id", erases={"name": "Erased"}, seals=("name", "country"),
    keeps="whose books these are",
)  # fmt: skip
holds(
    "customers.User", of="id", owner="user", hides=("password",),
    erases={
        "email": _address, "password": "!", "is_active": False, "email_verified_at": None,
        "last_login": None,
    },
    seals=("email",),
)  # fmt: skip
holds(
    "customers.Profile",
    erases={"first_name": "", "last_name": "", "born_on": None, "tax_residences": []},
    seals=("first_name", "last_name", "born_on", "tax_residences"),
)  # fmt: skip
holds(
    "customers.Tag", hides=("skeleton",),
    erases={
        "tag": _tag, "skeleton": _tag, "held": False,
        "released_at": lambda tag: tag.released_at or tag.claimed_at,
    },
)  # fmt: skip
holds("customers.TermsAcceptance", keeps=EVIDENCE)
holds(
    "customers.Verification",
    erases={"person": {}, "documents": [], "provider_reference": "", "reason": _reason},
    seals=("person", "documents", "provider", "provider_reference", "reason", "decided_at"),
    keeps="that and when somebody was verified",
)
holds("customers.AccessToken", of="user_id", owner="user", hides=("digest",), deletes=True)


@objects
def _verifications(customer_id: UUID) -> Sequence[Obstacle]:
    open_ones = Verification.objects.filter(
        customer_id=customer_id, state__in=[each for each in OPEN if each != "STARTED"]
    )
    if not open_ones.exists():
        return []
    return [
        Obstacle(
            "verification_open", "A verification is being decided; wait for its end.",
            "/v1/verifications",
        )
    ]  # fmt: skip


@sweeps
def _history(person: Person, _now: datetime) -> None:
    audit.erase_values(table="customers_customer", rows=[person.customer_id], columns=["name"])
    audit.erase_values(table="customers_user", rows=[person.user_id], columns=["email"])
