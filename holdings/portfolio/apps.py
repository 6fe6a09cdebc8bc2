from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "holdings.portfolio"
    label = "portfolio"
