from django.apps import AppConfig


class LimitsConfig(AppConfig):
    name = "krak.core.limits"
    label = "limits"
