from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "cards.reconciliation"
    label = "reconciliation"
