from django.apps import AppConfig


class ReservesConfig(AppConfig):
    name = "holdings.reserves"
    label = "reserves"
