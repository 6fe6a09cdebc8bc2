from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "krak.api"
    label = "api"

    def ready(self) -> None:
        """Let no view take OPTIONS, nor name it in `Allow`: the schema says what there is."""
        from rest_framework.views import APIView  # noqa: PLC0415 - reads the settings

        taken = [name for name in APIView.http_method_names if name != "options"]
        APIView.http_method_names = taken
