"""The house's hedging: limits, the state of each asset, orders and their fills.

None of it belongs to a customer, and none of it is in the ledger: an entry there is one
customer's. `position = INVENTORY + fills` joins the two (`queries.breaks`).
"""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from fx.assets.rules import Kind
from holdings.hedging.rules.exposure import Instrument, Limit, Side
from holdings.hedging.rules.limits import Measures
from holdings.hedging.rules.profit import Book
from krak.core.fields import AmountColumn
from krak.core.ids import uuid7
from krak.core.money import plain

CODE_LENGTH = 16


class RiskLimit(models.Model):
    """What is allowed of an asset, or of all assets of a kind, from a moment on. Append-only.

    The newest row of the asset that has begun counts, else the newest of its kind.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset = models.CharField(max_length=CODE_LENGTH, blank=True, help_text="empty: all of a kind")
    kind = models.CharField(
        max_length=20, blank=True, choices=[(each.value, each.value) for each in Kind]
    )
    target_units = AmountColumn(
        default=0, help_text="position to go back to, in base units; 0 for a kind"
    )
    band_usd = AmountColumn(help_text="a deviation beyond it is hedged")
    widen_at_usd = AmountColumn(help_text="a deviation beyond it widens the spread")
    widen_bps = models.PositiveIntegerField(help_text="by so many basis points")
    stop_at_usd = AmountColumn(help_text="a deviation beyond it stops the side that adds to it")
    slip_bps = models.PositiveIntegerField(
        null=True, blank=True, default=50,
        help_text="how far from the board's middle an order may be filled; empty: at market",
    )  # fmt: skip
    reason = models.CharField(max_length=200)
    effective_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(asset="") ^ Q(kind=""),
                name="a_limit_is_of_an_asset_or_of_a_kind",
            ),
            models.CheckConstraint(
                condition=~Q(asset="") | Q(target_units=0),
                name="a_kinds_target_is_zero",
            ),
            models.CheckConstraint(
                condition=Q(
                    band_usd__gte=0,
                    widen_at_usd__gte=models.F("band_usd"),
                    stop_at_usd__gte=models.F("widen_at_usd"),
                ),
                name="a_limit_hedges_before_it_widens_before_it_stops",
            ),
            models.CheckConstraint(
                condition=Q(widen_bps__lte=5000, slip_bps__isnull=True)
                | Q(widen_bps__lte=5000, slip_bps__lte=5000),
                name="a_limits_basis_points_are_at_most_5000",
            ),
        )
        indexes = (models.Index(fields=["asset", "kind", "effective_at"], name="limits_in_time"),)

    def __str__(self) -> str:
        return f"{self.asset or self.kind} from {self.effective_at:%Y-%m-%d %H:%M}"

    @property
    def value(self) -> Limit:
        """The limit as the rules read it."""
        return Limit(
            target=self.target_units,
            band=self.band_usd,
            widen_at=self.widen_at_usd,
            widen_bps=self.widen_bps,
            stop_at=self.stop_at_usd,
            slip_bps=self.slip_bps,
        )


class RiskState(models.Model):
    """One asset's book and the measures in force: the row that everything of the asset locks."""

    asset = models.CharField(max_length=CODE_LENGTH, primary_key=True)
    inventory_units = AmountColumn(default=0, help_text="INVENTORY as last taken over")
    units = AmountColumn(default=0, help_text="position: INVENTORY and all fills, base units")
    cost_usd = AmountColumn(default=0)
    realised_usd = AmountColumn(default=0)
    widen_bps = models.PositiveIntegerField(default=0)
    stop_buying = models.BooleanField(default=False, help_text="customers may not buy more")
    stop_selling = models.BooleanField(default=False, help_text="customers may not sell more")
    measures_at = models.DateTimeField(null=True, help_text="when the measures last changed")
    taken_over_at = models.DateTimeField(null=True, help_text="when INVENTORY had last moved")

    class Meta:
        verbose_name_plural = "exposure"

    def __str__(self) -> str:
        return self.asset

    @property
    def book(self) -> Book:
        """The position's book as the rules read it."""
        return Book(self.units, self.cost_usd, self.realised_usd)

    @book.setter
    def book(self, book: Book) -> None:
        self.units, self.cost_usd, self.realised_usd = book.units, book.cost, book.realised

    @property
    def measures(self) -> Measures:
        """The measures in force as the rules read them."""
        return Measures(self.widen_bps, self.stop_buying, self.stop_selling)

    @measures.setter
    def measures(self, measures: Measures) -> None:
        self.widen_bps = measures.widen_bps
        self.stop_buying, self.stop_selling = measures.stop_buying, measures.stop_selling


class OrderState(models.TextChoices):
    """Where an order stands. PARTLY_FILLED is open or ended; `ended_at` says which."""

    INTENDED = "INTENDED", "written down, not sent"
    SENT = "SENT", "sent or being sent"
    PARTLY_FILLED = "PARTLY_FILLED", "a part was filled"
    UNKNOWN = "UNKNOWN", "sent, and the venue has not said what became of it"
    FILLED = "FILLED", "all of it was filled"
    REJECTED = "REJECTED", "the venue refused it"
    EXPIRED = "EXPIRED", "ended without a fill"


OPEN_STATES = ("INTENDED", "SENT", "PARTLY_FILLED", "UNKNOWN")
END_STATES = ("FILLED", "PARTLY_FILLED", "REJECTED", "EXPIRED")


class HedgeOrder(models.Model):
    """An order of the house's, written down and committed before it is sent.

    Its id is the venue's `cl_ord_id`, and it is sent at most once: after its deadline no venue
    takes it any more, so one that the venue does not know then never was.
    """

    PREFIX = "hdg"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset = models.CharField(max_length=CODE_LENGTH)
    venue = models.CharField(max_length=20)
    pair = models.CharField(max_length=40)
    tokenized = models.BooleanField(default=False)
    side = models.CharField(max_length=4, choices=[(each.value, each.value) for each in Side])
    quantity = AmountColumn(help_text="shown units, as the venue counts")
    multiplier = models.DecimalField(
        max_digits=28, decimal_places=18, help_text="shown units per base unit when it was made"
    )
    limit_price = AmountColumn(null=True, help_text="USD per shown unit; none: at market")
    deadline = models.DateTimeField(help_text="the venue takes it no later")
    state = models.CharField(max_length=13, choices=OrderState, default=OrderState.INTENDED)
    venue_order_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    cancel_reason = models.CharField(max_length=200, blank=True)
    cancel_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["asset"],
                name="an_asset_has_one_open_order",
                condition=Q(ended_at=None),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, state__in=OPEN_STATES)
                | Q(ended_at__isnull=False, state__in=END_STATES),
                name="an_order_ends_in_an_end_state",
            ),
            models.CheckConstraint(
                condition=Q(state="INTENDED") | Q(sent_at__isnull=False) | Q(state="EXPIRED"),
                name="only_what_was_sent_has_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, multiplier__gt=0)
                & (Q(limit_price=None) | Q(limit_price__gt=0)),
                name="an_order_is_for_something",
            ),
            models.CheckConstraint(
                condition=Q(side__in=[each.value for each in Side]), name="an_order_buys_or_sells"
            ),
        )
        indexes = (models.Index(fields=["asset", "created_at"], name="orders_of_an_asset"),)

    def __str__(self) -> str:
        return f"{self.side} {plain(Decimal(self.quantity))} {self.asset}"

    @property
    def client_id(self) -> str:
        """Return what the venue knows the order by: its `cl_ord_id`."""
        return str(self.id)


class HedgeFill(models.Model):
    """What a venue says was filled of an order, in one piece. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(HedgeOrder, on_delete=models.PROTECT, related_name="fills")
    asset = models.CharField(max_length=CODE_LENGTH)
    venue = models.CharField(max_length=20)
    venue_fill_id = models.CharField(max_length=64)
    side = models.CharField(max_length=4, choices=[(each.value, each.value) for each in Side])
    quantity = AmountColumn(help_text="shown units")
    units = AmountColumn(help_text="base units")
    price = AmountColumn(help_text="USD per shown unit")
    cost = AmountColumn(help_text="USD, without the fee")
    fee = AmountColumn(help_text="USD")
    filled_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["venue", "venue_fill_id"], name="a_fill_is_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, units__gte=0, price__gt=0, cost__gte=0),
                name="a_fill_is_of_something",
            ),
        )
        indexes = (models.Index(fields=["asset", "filled_at"], name="fills_of_an_asset"),)

    def __str__(self) -> str:
        return f"{self.side} {plain(self.quantity)} {self.asset} at {plain(self.price)}"


class VenueInstrument(models.Model):
    """What a venue asks of orders in an asset, as it last said."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    venue = models.CharField(max_length=20)
    asset = models.CharField(max_length=CODE_LENGTH)
    pair = models.CharField(max_length=40)
    quantity_places = models.PositiveSmallIntegerField()
    tick = AmountColumn()
    minimum_quantity = AmountColumn()
    minimum_cost = AmountColumn()
    tokenized = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["venue", "asset"], name="a_venue_has_one_instrument_per_asset"
            ),
            models.CheckConstraint(
                condition=Q(quantity_places__lte=10, tick__gt=0),
                name="an_instrument_fits_the_ledgers_places",
            ),
        )

    def __str__(self) -> str:
        return f"{self.asset} as {self.pair} at {self.venue}"

    @property
    def value(self) -> Instrument:
        """The instrument as the rules read it."""
        return Instrument(
            pair=self.pair,
            quantity_places=self.quantity_places,
            tick=self.tick,
            minimum_quantity=self.minimum_quantity,
            minimum_cost=self.minimum_cost,
            tokenized=self.tokenized,
        )


class VenueNonce(models.Model):
    """The last nonce that was taken for a key at a venue; the next one is larger."""

    key = models.CharField(max_length=64, primary_key=True, help_text="a digest of the key")
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.last)


class PaperOrder(models.Model):
    """The sandbox venue's own record of an order: what it was asked, and what it did."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    client_id = models.CharField(max_length=40, unique=True)
    pair = models.CharField(max_length=40)
    side = models.CharField(max_length=4)
    quantity = AmountColumn()
    filled = AmountColumn()
    price = AmountColumn()
    fee = AmountColumn()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.side} {plain(self.filled)} of {plain(self.quantity)} {self.pair}"
