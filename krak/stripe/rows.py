"""Columns of what also exists at Stripe, for the features that have such things."""

from typing import ClassVar

from django.db import models

from krak.core.ids import show


class Told(models.Model):
    """Something that also exists at Stripe, and how far Stripe knows what we want of it.

    Each wish counts `revision` up; a job tells Stripe and notes the revision it told. While it
    speaks, nobody else may: an older wish must not arrive after a newer one.
    """

    PREFIX: ClassVar[str]

    revision = models.PositiveIntegerField(default=0, db_default=0)
    told_revision = models.PositiveIntegerField(default=0, db_default=0)
    told_at = models.DateTimeField(null=True, help_text="when Stripe last took what we want")
    asked_at = models.DateTimeField(null=True, help_text="when Stripe was first asked to make it")
    talking_until = models.DateTimeField(null=True, help_text="a job speaks to Stripe about it")
    refusal = models.TextField(blank=True, default="", db_default="", help_text="Stripe's last no")

    class Meta:
        abstract = True

    @property
    def shown_id(self) -> str:
        """The id that clients see, and that Stripe keeps beside its own."""
        return show(self.PREFIX, self.pk)
