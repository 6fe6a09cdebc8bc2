"""What is asked when somebody signs up, beyond what allauth asks."""

from typing import Any

from django import forms

from krak.customers.rules import home_currency
from krak.customers.services.profiles import CountryNotServed, require_served


class SignupForm(forms.Form):
    """Where they live and what to call them; allauth's sign-up forms extend this one."""

    country = forms.RegexField(r"^[A-Z]{2}\Z", help_text="ISO 3166-1 alpha-2 code of residence")
    name = forms.CharField(max_length=120, required=False, help_text="what others see of you")

    def clean_country(self) -> str:
        """Refuse countries that we may not serve, before anything is looked up."""
        country = str(self.cleaned_data["country"])
        try:
            require_served(country)
        except CountryNotServed as refusal:
            raise forms.ValidationError(refusal.title, code=refusal.code) from None
        return country

    def clean(self) -> dict[str, Any]:
        """Add in what currency they reckon."""
        cleaned = super().clean() or {}
        if "country" in cleaned:
            cleaned["home_currency"] = home_currency(cleaned["country"])
        return cleaned

    def signup(self, request: Any, user: Any) -> None:
        """Do nothing more: the adapter has made the customer."""
