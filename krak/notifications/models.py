"""What a customer was told, and whether they have read it."""

from django.db import models

from krak.core.ids import show, uuid7


class Notification(models.Model):
    """One notice: its kind, and the facts that the app makes a sentence of."""

    PREFIX = "ntf"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    kind = models.CharField(max_length=40)
    facts = models.JSONField()
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
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
