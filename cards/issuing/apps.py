from django.apps import AppConfig


class IssuingConfig(AppConfig):
    name = "cards.issuing"
    label = "issuing"
