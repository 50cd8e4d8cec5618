from django.apps import AppConfig
from django.conf import settings

from dexxy.config import tracing


class CliConfig(AppConfig):
    name = "dexxy.cli"

    def ready(self) -> None:
        # Before anything asks or is asked.
        tracing.begin(settings.DEXXY_OTEL)
