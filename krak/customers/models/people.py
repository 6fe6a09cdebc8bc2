"""People: how they sign in (`User`) and who they are to us (`Customer`)."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from krak.core.ids import show, uuid7


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new saved user; without a password nobody can sign in with one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Return a new saved user with every right of the back office."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in: a customer, a member of staff, or both."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("email"), name="an_email_address_names_one_user"),
        )

    def __str__(self) -> str:
        return self.email


class Customer(models.Model):
    """A person whose money we keep. Rows they own carry `customer_id`."""

    PREFIX = "cus"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="customer")
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2 code of residence")
    home_currency = models.CharField(max_length=16, help_text="gains are reckoned in it")
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="by compliance")
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)

    class Meta:
        permissions = (
            ("freeze_customer", "Can freeze and unfreeze a customer"),
            ("move_customer", "Can note that a customer lives in another country"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(country__regex=r"^[A-Z]{2}$"),
                name="a_country_is_two_capital_letters",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.shown_id})"

    @property
    def shown_id(self) -> str:
        """The id that clients see."""
        return show(self.PREFIX, self.id)


class Profile(models.Model):
    """What a customer tells of themselves; not read by any decision, so apart from `Customer`."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="profile"
    )
    first_name = models.CharField(max_length=60, blank=True, help_text="as in the passport")
    last_name = models.CharField(max_length=60, blank=True, help_text="as in the passport")
    born_on = models.DateField(null=True, blank=True)
    tax_residences = models.JSONField(default=list, help_text="[{country, tin}], tin may be empty")
    display_currency = models.CharField(max_length=16, blank=True, help_text="empty: home currency")

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class AccessToken(models.Model):
    """A bearer token of one device; only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    device = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.device} of {self.user_id}"
