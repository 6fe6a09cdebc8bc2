from django.apps import AppConfig


class CashbackConfig(AppConfig):
    name = "cards.cashback"
    label = "cashback"

    def ready(self) -> None:
        """Let the outbox know this feature's handlers, in whatever process delivers."""
        from cards.cashback import tasks  # noqa: F401, PLC0415 - models are ready only now
