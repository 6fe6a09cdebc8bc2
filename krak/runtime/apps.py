from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "krak.runtime"
    label = "runtime"

    def ready(self) -> None:
        """Make Krak's Celery application the current one in every process."""
        import krak.celery  # noqa: F401, PLC0415 - needs the settings, which are ready only now
