from django.apps import AppConfig


class HedgingConfig(AppConfig):
    name = "holdings.hedging"
    label = "hedging"

    def ready(self) -> None:
        """Let the outbox know this feature's handlers, in whatever process delivers."""
        from holdings.hedging import tasks  # noqa: F401, PLC0415 - models are ready only now
