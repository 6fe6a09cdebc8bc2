from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "krak.core.outbox"
    label = "outbox"
