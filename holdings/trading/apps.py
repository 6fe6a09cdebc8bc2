from django.apps import AppConfig


class TradingConfig(AppConfig):
    name = "holdings.trading"
    label = "trading"

    def ready(self) -> None:
        """Let the outbox know this feature's handlers, in whatever process delivers."""
        from holdings.trading import tasks  # noqa: F401, PLC0415 - models are ready only now
