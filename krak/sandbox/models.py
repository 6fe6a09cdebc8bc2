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


class SandboxChain(models.Model):
    """A fake chain: how many blocks it has, and how often it has forked."""

    network = models.CharField(max_length=20, primary_key=True)
    height = models.PositiveIntegerField(default=0)
    forks = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.network} at {self.height}"


class SandboxTransaction(models.Model):
    """A payment on a fake chain; without a height it waits for the next block."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    network = models.CharField(max_length=20)
    transaction = models.CharField(max_length=64, unique=True)
    address = models.CharField(max_length=128)
    memo = models.CharField(max_length=64, blank=True)
    asset = models.CharField(max_length=16)
    token = models.CharField(max_length=64, blank=True, db_default="", default="")
    amount = models.CharField(max_length=40)
    height = models.PositiveIntegerField(null=True)

    def __str__(self) -> str:
        return self.transaction


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
