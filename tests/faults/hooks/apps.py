from django.apps import AppConfig


class HooksConfig(AppConfig):
    """Sets the traps once everything is loaded."""

    name = "tests.faults.hooks"
    label = "faults_hooks"

    def ready(self) -> None:
        from tests.faults.hooks import springs, weaknesses

        springs.set_up()
        weaknesses.set_up()
