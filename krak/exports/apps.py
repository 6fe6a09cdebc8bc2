from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ExportsConfig(AppConfig):
    name = "krak.exports"
    label = "exports"

    def ready(self) -> None:
        """Know what can be exported, and let the outbox know who does it."""
        autodiscover_modules("exports")
        from krak.exports import tasks  # noqa: F401, PLC0415 - models are ready only now
