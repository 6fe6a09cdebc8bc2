from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "fx.assets"
    label = "assets"

    def ready(self) -> None:
        # Money of any listed asset must be readable before anything asks the database.
        from fx.assets import catalogue  # noqa: PLC0415 - moneyed is not needed to import apps

        catalogue.load_shipped()
