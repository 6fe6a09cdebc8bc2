from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "krak.approvals"
    label = "approvals"
