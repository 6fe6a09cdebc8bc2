from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "krak.core.audit"
    label = "audit"
