from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "krak.api"
    label = "api"
