from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ActivityConfig(AppConfig):
    name = "holdings.activity"
    label = "activity"

    def ready(self) -> None:
        """Let every feature that has an `activity` room say how its entries read."""
        autodiscover_modules("activity")
