from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "dexxy.people"
