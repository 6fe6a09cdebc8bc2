from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "krak.customers"
    label = "customers"

    def ready(self) -> None:
        """Let the outbox know what is ours, in whatever process delivers."""
        from krak.customers import tasks  # noqa: F401, PLC0415 - models are ready only now
