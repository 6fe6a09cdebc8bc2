from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "krak.sandbox"
    label = "sandbox"
