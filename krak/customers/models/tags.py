"""Kraktags: the names people pay each other by."""

from django.db import models
from django.db.models import Q

from krak.core.ids import uuid7


class Tag(models.Model):
    """A name that a customer has, or had; held until nobody else can be mistaken for them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    tag = models.CharField(max_length=20)
    skeleton = models.CharField(max_length=60, help_text="what it looks like; see rules.skeleton")
    claimed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    held = models.BooleanField(default=True, help_text="no other customer may take it")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["skeleton"], condition=Q(held=True), name="no_two_tags_look_alike"
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(released_at=None),
                name="a_customer_has_one_tag",
            ),
            models.CheckConstraint(
                condition=Q(tag__regex=r"^[a-z][a-z0-9_]{2,19}$"),
                name="a_tag_is_3_to_20_plain_letters",
            ),
            models.CheckConstraint(
                condition=Q(held=True) | Q(released_at__isnull=False),
                name="a_tag_in_use_is_held",
            ),
        )

    def __str__(self) -> str:
        return f"${self.tag}"
