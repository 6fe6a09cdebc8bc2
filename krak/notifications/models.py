"""What a customer was told, whether they have read it, and where else it went."""

from django.db import models
from django.db.models import Q

from krak.core.fields import OwnKey
from krak.core.ids import show, uuid7
from krak.notifications.kinds import ALWAYS_ON, Channel, Group


class Feed(models.Model):
    """How many notices a customer was told; the database counts, and numbers each."""

    customer = models.OneToOneField(
        "customers.Customer", on_delete=models.PROTECT, primary_key=True
    )
    last = models.BigIntegerField(help_text="number of the newest notice")

    def __str__(self) -> str:
        return f"{self.last} notices to {self.customer_id}"


class Notification(models.Model):
    """One notice: its kind, and the facts that the app makes a sentence of."""

    PREFIX = "ntf"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=40)
    facts = models.JSONField()
    sequence = models.BigIntegerField(
        db_default=0, editable=False, help_text="1, 2, 3, … of one customer"
    )
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "sequence"], name="a_number_is_of_one_notice"
            ),
        )
        indexes = (
            models.Index(fields=["customer", "id"], name="notifications_of_a_customer"),
            models.Index(
                fields=["customer"],
                name="unread_notifications",
                condition=models.Q(read_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} to {self.customer_id}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class Preference(models.Model):
    """That a customer wants the notices of a kind, or of a group, on a channel, or does not."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    group = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=40, blank=True, db_default="")
    channel = models.CharField(max_length=10, choices=[(c, c.lower()) for c in Channel])
    enabled = models.BooleanField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "group", "kind", "channel"],
                name="a_customer_says_once_what_goes_where",
            ),
            models.CheckConstraint(
                condition=Q(group="") & ~Q(kind="") | ~Q(group="") & Q(kind=""),
                name="a_preference_is_of_one_kind_or_one_group",
            ),
            models.CheckConstraint(
                condition=Q(enabled=True) | ~Q(group=Group.SECURITY) & ~Q(kind__in=ALWAYS_ON),
                name="notices_for_safety_stay_on",
            ),
        )

    def __str__(self) -> str:
        about = self.kind or self.group
        return f"{about} by {self.channel.lower()}: {'on' if self.enabled else 'off'}"


class PushToken(models.Model):
    """Where pushes to a device go; it counts while the device is signed in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    device = models.OneToOneField("identity.Device", on_delete=models.CASCADE)
    token = models.CharField(max_length=400)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["token"], name="a_push_token_is_of_one_device"),
        )

    def __str__(self) -> str:
        return f"pushes to {self.device_id}"


class DeliveryState(models.TextChoices):
    """How far a notice is on its way out."""

    WAITING = "WAITING"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"


class Delivery(models.Model):
    """One notice on one channel, to one device if it is a push: it goes out at most once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, db_index=False)
    notification = OwnKey(Notification, on_delete=models.CASCADE, db_index=False)
    channel = models.CharField(max_length=10, choices=[(c, c.lower()) for c in Channel])
    target = models.CharField(max_length=40, blank=True, help_text="the device of a push")
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["notification", "channel", "target"],
                name="a_notice_goes_out_once_per_channel_and_device",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENT, sent_at__isnull=False)
                | (~Q(state=DeliveryState.SENT) & Q(sent_at=None)),
                name="what_was_sent_says_when",
            ),
        )
        indexes = (models.Index(fields=["customer", "-id"], name="deliveries_of_a_customer"),)

    def __str__(self) -> str:
        return f"{self.channel.lower()} {self.state.lower()}"
