from django.apps import AppConfig


class IssuingConfig(AppConfig):
    name = "cards.issuing"
    label = "issuing"

    def ready(self) -> None:
        """Let inbox and outbox know what is ours, in whatever process delivers."""
        from cards.issuing import tasks  # noqa: F401, PLC0415 - models are ready only now
