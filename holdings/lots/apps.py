from django.apps import AppConfig


class LotsConfig(AppConfig):
    name = "holdings.lots"
    label = "lots"
