from django.apps import AppConfig


class VenuesConfig(AppConfig):
    name = "fx.venues"
    label = "venues"
