"""Who was erased, and what the law makes us keep of them."""

from django.db import models
from django.db.models import Q

from krak.core.ids import show, uuid7


class Erasure(models.Model):
    """That a customer was erased, and of how many rows of which table. Append-only but its end."""

    PREFIX = "ers"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.OneToOneField("customers.Customer", on_delete=models.PROTECT)
    rows = models.JSONField(help_text="table → {erased, deleted}")
    erased_at = models.DateTimeField()
    swept_at = models.DateTimeField(null=True, help_text="logs and messages, too")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(swept_at=None) | Q(swept_at__gte=models.F("erased_at")),
                name="sweeping_comes_after_erasing",
            ),
        )

    def __str__(self) -> str:
        return f"erasure of {self.customer_id}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class SealedFacts(models.Model):
    """What a customer was verified with, encrypted, until the law lets us forget it."""

    customer = models.OneToOneField(
        "customers.Customer", on_delete=models.PROTECT, primary_key=True
    )
    sealed = models.TextField(help_text="JSON, sealed with `KRAK_SEALING_KEYS`")
    keep_until = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sealed facts"
        indexes = (models.Index(fields=["keep_until"], name="sealed_facts_by_end"),)

    def __str__(self) -> str:
        return f"facts of {self.customer_id}"
