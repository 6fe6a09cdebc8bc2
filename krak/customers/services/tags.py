"""Take a tag; the old one stays out of others' hands for a while."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError
from django.db import transaction as django_transaction

from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer, Tag
from krak.customers.rules import (
    TAG_CHANGES_A_YEAR,
    TAG_RESERVED_DAYS,
    canonical_tag,
    is_reserved,
    skeleton,
)

YEAR = timedelta(days=365)


class MalformedTag(DomainError):
    """The text is no tag."""

    code = "customers.tag_malformed"
    title = "A tag is 3 to 20 of the letters a to z, digits and _, and begins with a letter."


class TagTaken(DomainError):
    """The tag, or one that looks like it, is somebody's, was until lately, or is ours."""

    code = "customers.tag_taken"
    title = "This tag is taken, or looks too much like one that is."
    kind = Kind.CONFLICT


class TagChangedTooOften(DomainError):
    """A tag is what others know somebody by; it does not change all the time."""

    code = "customers.tag_changed_too_often"
    title = f"A tag can be changed {TAG_CHANGES_A_YEAR} times a year."
    kind = Kind.REFUSED


@takes_part
def claim_tag(*, customer_id: UUID, text: str, now: datetime) -> Tag:
    """Give the customer a tag, instead of the one they have; the same again changes nothing.

    The old one is kept from others for `TAG_RESERVED_DAYS`, and its owner may take it back.

    Raises:
        MalformedTag: `text` has no canonical form.
        TagTaken: somebody has it, or one that looks like it, or it is reserved.
        TagChangedTooOften: they changed it `TAG_CHANGES_A_YEAR` times in the last 365 days.
    """
    tag = canonical_tag(text)
    if tag is None:
        raise MalformedTag
    Customer.objects.select_for_update(no_key=True).get(id=customer_id)
    own = list(Tag.objects.filter(customer_id=customer_id).order_by("claimed_at"))
    current = next((each for each in own if each.released_at is None), None)
    if current is not None and current.tag == tag:
        return current
    if is_reserved(tag):
        raise TagTaken
    # The first tag of all is no change.
    changes = [each for each in own[1:] if each.claimed_at > now - YEAR]
    if len(changes) >= TAG_CHANGES_A_YEAR:
        raise TagChangedTooOften(again_at=(changes[0].claimed_at + YEAR).isoformat())
    _free(skeleton(tag), customer_id=customer_id, now=now)
    if current is not None:
        current.released_at = now
        current.held = skeleton(tag) != current.skeleton
        current.save(update_fields=["released_at", "held"])
    try:
        with django_transaction.atomic():
            return Tag.objects.create(
                id=uuid7(),
                customer_id=customer_id,
                tag=tag,
                skeleton=skeleton(tag),
                claimed_at=now,
            )
    except IntegrityError:
        raise TagTaken from None


def _free(looks: str, *, customer_id: UUID, now: datetime) -> None:
    """Let go of tags of this look that were given up long ago, or by this customer."""
    given_up = Tag.objects.filter(skeleton=looks, held=True, released_at__isnull=False)
    given_up.filter(released_at__lte=now - timedelta(days=TAG_RESERVED_DAYS)).update(held=False)
    given_up.filter(customer_id=customer_id).update(held=False)
