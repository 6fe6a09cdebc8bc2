"""Forget a customer: what the law lets us forget, in one transaction, and the logs soon after."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db.models import Model, QuerySet

from krak.core import personal, sealing
from krak.core.audit.context import because
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.personal import Obstacle, Person, Table
from krak.core.transactions import takes_part
from krak.customers.models import Customer, Profile, Tag
from krak.exports import services as exports
from krak.privacy.models import Erasure, SealedFacts
from krak.privacy.rows import plain_json

FACTS_KEPT: Final = timedelta(days=5 * 365 + 2)
"""Of who somebody was, after they have left. Source: Directive (EU) 2015/849, article 40."""
SHORTEST_WORD: Final = 3


class NotYet(DomainError):
    """Something stands in the way; `facts.obstacles` say what, and what to do about each."""

    code = "privacy.not_yet"
    title = "The account cannot be erased yet."
    kind = Kind.CONFLICT


@takes_part
def erase(*, customer: Customer, now: datetime) -> Erasure:
    """Erase a customer for good; their books stay, without their name.

    The caller has locked their book, so that what is found to stand in the way is so.

    Raises:
        NotYet: there is money, or something is open.
    """
    found = personal.obstacles(customer.id)
    if found:
        raise NotYet(obstacles=[shown(each) for each in found])
    person = Person(customer.id, customer.user_id, words_of(customer))
    sealed: dict[str, list[Any]] = {}
    rows: dict[str, dict[str, int]] = {}
    with because("erased at the customer's own request"):
        for table in personal.tables():
            if facts := _sealed(table, person):
                sealed[table.model] = facts
            if done := _erase(table, person):
                rows[table.model] = done
    exports.drop_all(customer_id=customer.id, now=now)
    SealedFacts.objects.create(
        customer_id=customer.id,
        sealed=sealing.seal(json.dumps(sealed, default=plain_json)),
        keep_until=now + FACTS_KEPT,
    )
    personal.sweep_now(person, now)
    erasure = Erasure.objects.create(id=uuid7(), customer_id=customer.id, rows=rows, erased_at=now)
    words = sealing.seal(json.dumps(list(person.words)))
    outbox.promise("privacy.sweep", {"erasure": str(erasure.id), "words": words})
    return erasure


@takes_part
def sweep(*, erasure_id: UUID, words: str, now: datetime) -> None:
    """Erase what takes whole tables to find; again is harmless."""
    erasure = Erasure.objects.select_related("customer").get(id=erasure_id)
    person = Person(
        erasure.customer_id, erasure.customer.user_id, json.loads(sealing.unseal(words))
    )
    personal.sweep_later(person, now)
    Erasure.objects.filter(id=erasure_id, swept_at=None).update(swept_at=now)


@takes_part
def forget_facts(*, now: datetime) -> None:
    """Drop what the law has let go of."""
    SealedFacts.objects.filter(keep_until__lte=now).delete()


def words_of(customer: Customer) -> list[str]:
    """Return what names a customer: address, names, tags."""
    profile = Profile.objects.filter(customer=customer).first()
    words = {customer.user.email, customer.name}
    if profile is not None:
        words |= {f"{profile.first_name} {profile.last_name}"}
    words |= set(Tag.objects.filter(customer=customer).values_list("tag", flat=True))
    return sorted(word for word in words if len(word.strip()) >= SHORTEST_WORD)


def shown(obstacle: Obstacle) -> dict[str, Any]:
    """Return an obstacle as clients read it."""
    return {
        "code": obstacle.code,
        "detail": obstacle.detail,
        "next": obstacle.next,
        "facts": dict(obstacle.facts),
    }


def rows_of(table: Table, person: Person) -> QuerySet[Model]:
    """Return a person's rows of a table."""
    model = apps.get_model(table.model)
    owner = person.user_id if table.owner == "user" else person.customer_id
    rows: QuerySet[Model] = model._default_manager.filter(**{table.of: owner})  # noqa: SLF001 - documented by Django
    return rows


def _sealed(table: Table, person: Person) -> list[dict[str, Any]]:
    if not table.seals:
        return []
    return [{name: getattr(row, name) for name in table.seals} for row in rows_of(table, person)]


def _erase(table: Table, person: Person) -> dict[str, int]:
    rows = rows_of(table, person)
    if table.deletes:
        gone = rows.count()
        rows.delete()
        return {"deleted": gone} if gone else {}
    if not table.erases:
        return {}
    erased = list(rows)
    for row in erased:
        for column, value in table.erases.items():
            setattr(row, column, value(row) if callable(value) else value)
        row.save(update_fields=sorted(table.erases))
    return {"erased": len(erased)} if erased else {}


def kept() -> Sequence[dict[str, str]]:
    """Return what outlives an erasure, and why."""
    return [{"what": table.model, "why": table.keeps} for table in personal.tables() if table.keeps]
