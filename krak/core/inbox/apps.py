from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "krak.core.inbox"
    label = "inbox"

    def ready(self) -> None:
        """Let the outbox know how events are processed, in whatever process delivers."""
        from krak.core.inbox import tasks  # noqa: F401, PLC0415 - models are ready only now
