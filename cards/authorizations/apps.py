from django.apps import AppConfig


class AuthorizationsConfig(AppConfig):
    name = "cards.authorizations"
    label = "authorizations"

    def ready(self) -> None:
        """Let the outbox know who tells of decisions, in whatever process delivers."""
        from cards.authorizations import tasks  # noqa: F401, PLC0415 - models are ready only now
