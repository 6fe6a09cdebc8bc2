from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "krak.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Let the outbox know where notices go, in whatever process delivers."""
        from krak.notifications import tasks  # noqa: F401, PLC0415 - models are ready only now
