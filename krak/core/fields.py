"""Columns that several features have."""

from typing import TYPE_CHECKING, Any

from django.db import models

from krak.core.money import STORED_PLACES

if TYPE_CHECKING:
    _DecimalField = models.DecimalField[Any, Any]
else:
    _DecimalField = models.DecimalField


class AmountColumn(_DecimalField):
    """An amount of any currency, `numeric(28, 10)`: sums of what it can store stay exact."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["max_digits"], options["decimal_places"] = 28, STORED_PLACES
        super().__init__(*args, **options)
