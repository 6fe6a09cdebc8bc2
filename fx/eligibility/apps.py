from django.apps import AppConfig


class EligibilityConfig(AppConfig):
    name = "fx.eligibility"
    label = "eligibility"
