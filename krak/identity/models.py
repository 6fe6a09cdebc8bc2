"""Where people are signed in, and the proofs that it was just now really them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from krak.core.ids import show, uuid7


class Device(models.Model):
    """An app that somebody signed in with. Its sessions name it; once it ends they are all dead.

    The app keeps the device's token apart from its session, also when signed out. Whoever shows it
    is no stranger: what strangers try does not lock them out.
    """

    PREFIX = "dev"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices"
    )
    digest = models.BinaryField(
        max_length=32, null=True, help_text="SHA-256 of its token; none: a stranger again"
    )
    name = models.CharField(max_length=80)
    platform = models.CharField(max_length=20)
    user_agent = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, help_text="when it last signed in")
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="signed out since")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["digest"], name="a_device_token_is_of_one_device"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(digest__isnull=False),
                name="a_device_that_is_signed_in_is_known",
            ),
        )
        indexes = (models.Index(fields=["user", "-last_seen_at"], name="devices_of_a_user"),)

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id}"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class Proof(models.Model):
    """That somebody just proved who they are, for one act on one thing, to be used once.

    `bearer` is what the request was signed in with; a proof that leaks opens nothing elsewhere.
    """

    PREFIX = "proof"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    bearer = models.CharField(max_length=40, help_text="the device or access token")
    action = models.CharField(max_length=40)
    subject = models.BinaryField(max_length=32, help_text="SHA-256 of what exactly is to be done")
    method = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["created_at"], name="proofs_by_age"),)

    def __str__(self) -> str:
        return f"{self.action} by {self.method}"

    @property
    def shown_id(self) -> str:
        """What the `Step-Up` header carries."""
        return show(self.PREFIX, self.id)
