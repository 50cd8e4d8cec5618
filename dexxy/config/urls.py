from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from dexxy.accounts.views import api_caller, caller_of
from dexxy.common.graphql_view import ApiView
from dexxy.config.schema import schema
from dexxy.integrations.views import github_webhook
from dexxy.people.views import workspace_export

urlpatterns = [
    path("", include("dexxy.web.urls")),  # before allauth, some of whose pages it replaces
    path("webhooks/github/", github_webhook, name="github_webhook"),
    path("integrations/", include("dexxy.integrations.urls")),
    path(
        "workspaces/<int:workspace_id>/export/<slug:what>.<slug:form>",
        workspace_export,
        name="workspace_export",
    ),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path(
        "graphql/",
        api_caller(
            ApiView.as_view(
                schema=schema,
                caller_of=caller_of,
                # The library's word for any page to try documents on; `ApiView` shows ours.
                graphql_ide="graphiql" if settings.DEBUG else None,
            )
        ),
        name="graphql",
    ),
]
