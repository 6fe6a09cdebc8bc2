from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "holdings.transfers"
    label = "transfers"
