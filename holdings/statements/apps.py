from django.apps import AppConfig


class StatementsConfig(AppConfig):
    name = "holdings.statements"
    label = "statements"
