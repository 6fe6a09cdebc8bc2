"""Who is in the primary market, and what they asked for. Amounts stay; wallets and words go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from holdings.primary.models import OPEN, PaperOrder, Party, Request
from holdings.primary.services.submission import key_of
from krak.core import clock
from krak.core.personal import Obstacle, Person, holds, objects, sweeps

BOOKS: Final = "books must be kept"


def _ended_at(party: Party) -> datetime:
    return party.ended_at or clock.now()


def _forgotten(request: Request) -> str:
    return "erased" if request.failure else ""


holds(
    "primary.Party",
    erases={"wallet": "erased", "ended_at": _ended_at, "ended_because": "erased"},
    seals=("network", "wallet"), keeps=BOOKS,
)  # fmt: skip
holds("primary.Request", erases={"failure": _forgotten, "last_error": ""}, keeps=BOOKS)


@objects
def _under_way(customer_id: UUID) -> Sequence[Obstacle]:
    if not Request.objects.filter(customer_id=customer_id, state__in=OPEN).exists():
        return ()
    return (
        Obstacle(
            "primary_requests_open", "Subscriptions or redemptions are open; cancel or await them.",
            "/v1/primary/requests",
        ),
    )  # fmt: skip


@sweeps
def _on_paper(person: Person, _now: datetime) -> None:
    asked = Request.objects.filter(customer_id=person.customer_id).values_list("id", flat=True)
    PaperOrder.objects.filter(key__in=[key_of(each) for each in asked]).update(wallet="")
