from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "krak.backoffice"
    label = "backoffice"
