from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "fx.alerts"
    label = "alerts"
