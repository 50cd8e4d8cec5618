import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
_pages = get_wsgi_application()

# Imported here, for models need Django to be set up. Nobody's first request waits for the schema.
from dexxy.config import api as _api  # noqa: E402, F401
from dexxy.integrations.services.github.webhooks.receiving import webhook_door  # noqa: E402

application = webhook_door(_pages)
