from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cards.cases"
    label = "cases"
