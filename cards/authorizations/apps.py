from django.apps import AppConfig


class AuthorizationsConfig(AppConfig):
    name = "cards.authorizations"
    label = "authorizations"
