"""What customers tell of themselves."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from krak.core.errors import DomainError, Kind
from krak.core.rows import save_row
from krak.core.transactions import takes_part
from krak.customers import queries
from krak.customers.models import Customer, Profile
from krak.customers.rules import SANCTIONED, home_currency

CHECKED: Final = ("first_name", "last_name", "born_on", "country")
"""What a verification vouches for; afterwards only staff may correct it."""


class CountryNotServed(DomainError):
    """We may not serve people who live there."""

    code = "customers.country_not_served"
    title = "We may not serve customers who live there yet; we keep no money for them."
    kind = Kind.FORBIDDEN


class AlreadyVerified(DomainError):
    """What was verified is not changed by its owner."""

    code = "customers.already_verified"
    title = "This was verified and can only be corrected with new documents; please contact us."
    kind = Kind.CONFLICT


def require_served(country: str) -> None:
    """Refuse a country that we may not serve.

    Raises:
        CountryNotServed: it is one.
    """
    if country in SANCTIONED:
        raise CountryNotServed(country=country, next="/v1/me")


@takes_part
def tell(*, customer_id: UUID, told: Mapping[str, Any]) -> Customer:
    """Keep what the customer told, by name: some of `name`, `country` and the profile's columns.

    Until their first verification their home currency follows the country: nothing is reckoned
    in it yet.

    Raises:
        CountryNotServed: they live where we may not serve them.
        AlreadyVerified: it was verified, or is just being checked.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(id=customer_id)
    profile = Profile.objects.get_or_create(customer=customer)[0]
    before = {name: getattr(customer if name == "country" else profile, name) for name in CHECKED}
    changed = {name for name in CHECKED if name in told and told[name] != before[name]}
    if changed and queries.is_verified_or_checked(customer_id=customer_id):
        raise AlreadyVerified(fields=sorted(changed))
    if "country" in changed:
        require_served(told["country"])
        if not queries.verifications(customer_id=customer_id).exists():
            customer.home_currency = home_currency(told["country"])
    for name, value in told.items():
        setattr(customer if name in {"name", "country"} else profile, name, value)
    if {"name", "country"} & set(told):
        customer.save(update_fields=["name", "country", "home_currency"])
    save_row(profile)
    return customer


@takes_part
def set_display_currency(*, customer_id: UUID, currency: str) -> None:
    """Show values in this currency from now on."""
    Profile.objects.update_or_create(
        customer_id=customer_id, defaults={"display_currency": currency}
    )
