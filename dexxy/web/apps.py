from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "dexxy.web"
