from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "krak.core.idempotency"
    label = "idempotency"
