from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "krak.identity"
    label = "identity"

    def ready(self) -> None:
        """Let the outbox know how mail is sent, in whatever process delivers."""
        from krak.identity import tasks  # noqa: F401, PLC0415 - models are ready only now
