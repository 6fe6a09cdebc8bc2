from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "fx.assets"
    label = "assets"

    def ready(self) -> None:
        # Money of any listed asset must be readable before anything asks the database.
        # The tasks tell the approvals what happens when a multiplier is approved.
        from fx.assets import catalogue, tasks  # noqa: F401, PLC0415 - models are ready only now

        catalogue.load_shipped()
