"""Columns that several features have."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models.lookups import Exact

from krak.core.money import STORED_PLACES

if TYPE_CHECKING:
    _DecimalField = models.DecimalField[Any, Any]
    _Relation = models.ForeignKey[Any, Any]
else:
    _DecimalField = models.DecimalField
    _Relation = object


class AmountColumn(_DecimalField):
    """An amount of any currency, `numeric(28, 10)`: sums of what it can store stay exact."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["max_digits"], options["decimal_places"] = 28, STORED_PLACES
        super().__init__(*args, **options)


class _OfSameCustomer(_Relation):
    """A key to another row of the same customer: `OwnKey`, `OwnOneToOne`.

    Where customers are spread over several servers, joins say so, and so does the look at what a
    row points to: then each runs on one of them. Migrations see Django's own field.
    """

    def get_extra_restriction(self, alias: Any, related_alias: Any) -> Any:
        if not settings.DISTRIBUTED:
            return None
        ours: Any = self.model._meta.get_field("customer")  # noqa: SLF001 - documented by Django
        theirs: Any = self.remote_field.model._meta.get_field("customer")  # noqa: SLF001
        return Exact(theirs.get_col(alias), ours.get_col(related_alias))

    def get_extra_descriptor_filter(self, instance: Any) -> dict[str, Any]:
        return {"customer_id": instance.customer_id}

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, options = super().deconstruct()
        kind = "OneToOneField" if self.one_to_one else "ForeignKey"
        return name, f"django.db.models.{kind}", args, options


if TYPE_CHECKING:
    OwnKey, OwnOneToOne = models.ForeignKey, models.OneToOneField
else:

    class OwnKey(_OfSameCustomer, models.ForeignKey):
        """A foreign key to another row of the same customer."""

    class OwnOneToOne(_OfSameCustomer, models.OneToOneField):
        """A key to another row of the same customer, to which no other points."""
