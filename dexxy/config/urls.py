from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from dexxy.common.graphql import ApiView
from dexxy.config.schema import schema
from dexxy.integrations.views import github_webhook

urlpatterns = [
    path("", include("dexxy.web.urls")),  # before allauth, some of whose pages it replaces
    path("webhooks/github/", github_webhook, name="github_webhook"),
    path("integrations/", include("dexxy.integrations.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path(
        "graphql/",
        ApiView.as_view(schema=schema, graphql_ide="graphiql" if settings.DEBUG else None),
        name="graphql",
    ),
]
