"""Where a customer's notices go."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Count, QuerySet

from krak.core.compiled import compiled
from krak.customers.models import Customer
from krak.notifications import channels
from krak.notifications.kinds import Channel, Kind
from krak.notifications.models import Notification, Preference, PushToken
from krak.notifications.rules import Wishes


def notices(*, customer_id: UUID) -> QuerySet[Notification]:
    """Return all notices in a customer's inbox."""
    return Notification.objects.filter(customer_id=customer_id)


def unread(*, customer_id: UUID) -> int:
    """Return how many of a customer's notices they have not read."""
    return _unread.first(customer_id) or 0


@compiled
def _unread(customer_id: UUID) -> QuerySet[Notification, int]:
    waiting = Notification.objects.filter(customer_id=customer_id, read_at=None).order_by()
    counted = waiting.values("customer_id").annotate(how_many=Count("id"))
    return counted.values_list("how_many", flat=True)


def wishes_of(customer_ids: Iterable[UUID]) -> dict[UUID, Wishes]:
    """Return what each customer has said of where notices go."""
    said: dict[UUID, list[Preference]] = {customer_id: [] for customer_id in customer_ids}
    for row in Preference.objects.filter(customer_id__in=said):
        said[row.customer_id].append(row)
    return {
        customer_id: Wishes(
            groups={(row.group, row.channel): row.enabled for row in rows if row.group},
            kinds={(row.kind, row.channel): row.enabled for row in rows if row.kind},
        )
        for customer_id, rows in said.items()
    }


def channels_of(kind: Kind, wishes: Wishes) -> Sequence[Channel]:
    """Return the channels that a customer's notices of a kind take."""
    return [
        channel
        for channel in Channel
        if wishes.of_kind(kind, channel).enabled
        and (channel is not Channel.PUSH or channels.has_push())
    ]


def addresses_of(customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return where those of the customers read mail who have shown that they do."""
    reachable = Customer.objects.filter(
        id__in=set(customer_ids), user__is_active=True, user__email_verified_at__isnull=False
    )
    return dict(reachable.values_list("id", "user__email"))


def push_tokens(customer_ids: Iterable[UUID]) -> QuerySet[PushToken]:
    """Return the tokens of the customers' devices that are signed in."""
    return PushToken.objects.filter(
        customer_id__in=set(customer_ids), device__ended_at=None, device__user__is_active=True
    ).order_by("device_id")
