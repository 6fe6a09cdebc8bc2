"""Terms in their versions, and who accepted which."""

from django.db import models
from django.db.models import Q

from krak.core.ids import show, uuid7


class Terms(models.Model):
    """One version of one document, in force from a moment on. A change is a new row."""

    PREFIX = "terms"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.SlugField(max_length=40, help_text="which document: terms_of_service")
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    url = models.URLField()
    effective_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "terms"
        constraints = (
            models.UniqueConstraint(fields=["kind", "version"], name="a_version_of_terms_is_one"),
            models.CheckConstraint(
                condition=Q(url__startswith="https://"), name="terms_are_read_safely"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class TermsAcceptance(models.Model):
    """That a customer accepted one version. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT)
    address = models.GenericIPAddressField(null=True, help_text="from where")
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "terms"], name="a_customer_accepts_a_version_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.terms_id} by {self.customer_id}"
