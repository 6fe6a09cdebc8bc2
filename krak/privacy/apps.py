from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PrivacyConfig(AppConfig):
    name = "krak.privacy"
    label = "privacy"

    def ready(self) -> None:
        """Let every feature say what it holds about people, and the outbox who erases."""
        autodiscover_modules("personal")
        from krak.privacy import tasks  # noqa: F401, PLC0415 - models are ready only now
