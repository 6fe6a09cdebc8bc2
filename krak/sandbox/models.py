"""What the sandbox keeps instead of sending it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import TransactionNow
from django.db import models

from krak.core.ids import uuid7


class SandboxMail(models.Model):
    """A mail that would have gone out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    to = ArrayField(models.EmailField())
    subject = models.CharField(max_length=200)
    text = models.TextField()
    sent_at = models.DateTimeField(db_default=TransactionNow())

    def __str__(self) -> str:
        return self.subject


class SandboxPush(models.Model):
    """A push that would have gone out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT)
    token = models.CharField(max_length=400)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    data = models.JSONField()
    sent_at = models.DateTimeField(db_default=TransactionNow())

    def __str__(self) -> str:
        return self.title
