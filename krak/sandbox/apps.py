from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "krak.sandbox"
    label = "sandbox"

    def ready(self) -> None:
        """Let the outbox know what is ours, in whatever process delivers."""
        from krak.sandbox import tasks  # noqa: F401, PLC0415 - models are ready only now
