from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "dexxy.accounts"
