from django.apps import AppConfig


class CandlesConfig(AppConfig):
    name = "fx.candles"
    label = "candles"
