from django.apps import AppConfig


class PrimaryConfig(AppConfig):
    name = "holdings.primary"
    label = "primary"

    def ready(self) -> None:
        """Let outbox and approvals know what is ours, in whatever process delivers."""
        from holdings.primary import tasks  # noqa: F401, PLC0415 - models are ready only now
