from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ArchiveConfig(AppConfig):
    name = "krak.core.archive"
    label = "archive"

    def ready(self) -> None:
        """Let every feature say which of its rows go to the archive, and the outbox who tidies."""
        autodiscover_modules("archive")
        from krak.core.archive import tasks  # noqa: F401, PLC0415 - models are ready only now
