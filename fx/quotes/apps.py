from django.apps import AppConfig


class QuotesConfig(AppConfig):
    name = "fx.quotes"
    label = "quotes"
