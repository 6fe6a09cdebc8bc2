"""The catalogue of assets and the multipliers that corporate actions schedule."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from fx.assets.rules import (
    ASSET_PREFIX,
    DELISTING_NOTICE,
    LEAD_TIME,
    MULTIPLIER_PLACES,
    Kind,
    Status,
)
from krak.core.ids import uuid7

CODE_LENGTH = 16
PRICE_PLACES = 18


class Asset(models.Model):
    """Something that can be held. Codes are case-sensitive: `GMX` is a coin, `GMx` a share."""

    PREFIX = ASSET_PREFIX

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=CODE_LENGTH)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=[(each.value, each.value) for each in Kind])
    decimals = models.SmallIntegerField(help_text="finest unit that is held and shown")
    kraken_altname = models.CharField(max_length=20, blank=True)
    underlying = models.CharField(max_length=20, blank=True, help_text="ticker of the share")
    kraken_hours = models.CharField(
        max_length=4, blank=True, choices=[("24/7", "24/7"), ("24/5", "24/5")]
    )
    chains = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    solana_mint = models.CharField(max_length=44, null=True, blank=True)  # noqa: DJ001 - unique
    evm_address = models.CharField(max_length=42, null=True, blank=True)  # noqa: DJ001 - unique
    note = models.CharField(max_length=200, blank=True)
    status = models.CharField(
        max_length=10,
        choices=[(each.value, each.value) for each in Status],
        default=Status.ACTIVE.value,
        db_default=Status.ACTIVE.value,
    )
    listed_at = models.DateTimeField()

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=["code"], name="a_code_names_one_asset"),
            models.UniqueConstraint(fields=["solana_mint"], name="a_mint_belongs_to_one_asset"),
            models.UniqueConstraint(
                fields=["evm_address"], name="an_evm_address_belongs_to_one_asset"
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Za-z0-9._-]{1,16}$"),
                name="a_code_is_up_to_16_plain_characters",
            ),
            models.CheckConstraint(
                condition=Q(decimals__gte=0, decimals__lte=10),
                name="an_asset_has_0_to_10_decimals",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[each.value for each in Kind]), name="a_kind_is_one_we_know"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[each.value for each in Status]),
                name="an_assets_status_is_one_we_know",
            ),
            models.CheckConstraint(
                condition=Q(kraken_hours__in=["", "24/7", "24/5"]),
                name="trading_hours_are_ones_we_know",
            ),
            models.CheckConstraint(
                condition=Q(solana_mint=None)
                | Q(solana_mint__regex=r"^[1-9A-HJ-NP-Za-km-z]{32,44}$"),
                name="a_solana_mint_is_base58",
            ),
            models.CheckConstraint(
                condition=Q(evm_address=None) | Q(evm_address__regex=r"^0x[0-9a-f]{40}$"),
                name="an_evm_address_is_lower_case_hex",
            ),
        )

    def __str__(self) -> str:
        return self.code


class Multiplier(models.Model):
    """What turns base units into shown units from `activates_at` on. Append-only.

    A row created later for the same moment overrides the earlier one, or cancels it; both are kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="multipliers")
    multiplier = models.DecimalField(max_digits=28, decimal_places=MULTIPLIER_PLACES)
    cancels = models.BooleanField(
        default=False, db_default=False, help_text="nothing changes at this moment after all"
    )
    activates_at = models.DateTimeField()
    created_at = models.DateTimeField()
    proposal = models.OneToOneField(
        "approvals.Proposal",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="the approval that it follows from",
    )

    class Meta:
        ordering = ("asset", "activates_at", "created_at", "id")
        permissions = (
            ("propose_multiplier", "Can propose a change of a multiplier"),
            ("approve_multiplier", "Can approve a change of a multiplier"),
        )
        indexes = (
            models.Index(
                fields=["asset", "activates_at", "created_at", "id"], name="multipliers_in_time"
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(multiplier__gt=0), name="a_multiplier_is_positive"),
            models.CheckConstraint(
                condition=Q(activates_at__gte=F("created_at") + LEAD_TIME),
                name="a_multiplier_is_scheduled_ahead",
            ),
        )

    def __str__(self) -> str:
        return f"{self.multiplier} from {self.activates_at:%Y-%m-%d %H:%M}"


class Delisting(models.Model):
    """An asset on its way out: no longer bought, and at `converts_at` what is left becomes cash.

    It is called off before that moment, or priced at it, once; all else of it stays.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="delistings")
    announced_at = models.DateTimeField()
    converts_at = models.DateTimeField(help_text="when what is left of it becomes cash")
    reminded_at = models.DateTimeField(
        null=True, blank=True, help_text="when its holders were told once more"
    )
    called_off_at = models.DateTimeField(null=True, blank=True)
    price_usd = models.DecimalField(
        max_digits=38, decimal_places=PRICE_PLACES, null=True, blank=True,
        help_text="the last price of one shown unit, at which what is left becomes cash",
    )  # fmt: skip
    price_as_of = models.DateTimeField(null=True, blank=True)
    priced_at = models.DateTimeField(null=True, blank=True)
    proposal = models.OneToOneField(
        "approvals.Proposal",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="the approval that it follows from",
    )

    class Meta:
        ordering = ("-announced_at",)
        permissions = (
            ("propose_delisting", "Can propose that an asset is delisted"),
            ("approve_delisting", "Can approve that an asset is delisted"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["asset"],
                condition=Q(called_off_at=None),
                name="an_asset_is_delisted_once",
            ),
            models.CheckConstraint(
                condition=Q(converts_at__gte=F("announced_at") + DELISTING_NOTICE),
                name="holders_have_notice_of_a_delisting",
            ),
            models.CheckConstraint(
                condition=Q(price_usd=None, price_as_of=None, priced_at=None)
                | Q(
                    price_usd__gt=0,
                    price_as_of__isnull=False,
                    priced_at__gte=F("converts_at"),
                    called_off_at=None,
                ),
                name="a_delisting_is_priced_when_it_is_due_or_called_off",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asset.code} until {self.converts_at:%Y-%m-%d %H:%M}"
