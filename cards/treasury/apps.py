from django.apps import AppConfig


class TreasuryConfig(AppConfig):
    name = "cards.treasury"
    label = "treasury"

    def ready(self) -> None:
        """Let inbox and outbox know what is ours, in whatever process delivers."""
        from cards.treasury import tasks  # noqa: F401, PLC0415 - models are ready only now
