from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "holdings.ledger"
    label = "ledger"
