from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "krak.identity"
    label = "identity"

    def ready(self) -> None:
        """Let the outbox know how mail is sent, and the schema how hashing refuses."""
        from krak.identity import hashing, tasks  # noqa: F401, PLC0415 - models are ready only now
