from django.apps import AppConfig


class FundingConfig(AppConfig):
    name = "holdings.funding"
    label = "funding"

    def ready(self) -> None:
        """Let inbox, outbox and approvals know what is ours, in whatever process delivers."""
        from holdings.funding import tasks  # noqa: F401, PLC0415 - models are ready only now
