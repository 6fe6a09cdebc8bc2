from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "cards.disputes"
    label = "disputes"

    def ready(self) -> None:
        """Let the inbox know which events are ours, in whatever process delivers."""
        from cards.disputes import tasks  # noqa: F401, PLC0415 - models are ready only now
