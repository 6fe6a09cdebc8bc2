from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "krak.cases"
    label = "cases"
