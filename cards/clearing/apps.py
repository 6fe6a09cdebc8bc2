from django.apps import AppConfig


class ClearingConfig(AppConfig):
    name = "cards.clearing"
    label = "clearing"

    def ready(self) -> None:
        """Let the inbox know which events are ours, in whatever process delivers."""
        from cards.clearing import tasks  # noqa: F401, PLC0415 - models are ready only now
