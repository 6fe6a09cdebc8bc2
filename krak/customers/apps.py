from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "krak.customers"
    label = "customers"
