from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "krak.core.schedule"
    label = "schedule"
