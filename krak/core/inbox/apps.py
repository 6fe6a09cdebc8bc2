from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "krak.core.inbox"
    label = "inbox"
