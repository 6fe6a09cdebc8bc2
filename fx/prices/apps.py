from django.apps import AppConfig


class PricesConfig(AppConfig):
    name = "fx.prices"
    label = "prices"
