from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt

from dexxy.integrations.views import github_webhook
from dexxy.people.views import export_file
from dexxy.web.api.explorer import explorer, is_for_a_person, schema_file
from dexxy.web.exports import workspace_export

handler500 = "dexxy.web.failures.failure"

# Here and not at the start of every process: workers have no pages.
admin.autodiscover()


@csrf_exempt  # the API checks that itself
def graphql_api(request: HttpRequest) -> HttpResponseBase:
    """Answer over GraphQL, and a browser with a page about it.

    What GraphQL takes is loaded by the first request, or by `wsgi`.
    """
    if is_for_a_person(request):
        return explorer(request)
    from dexxy.config import api

    return api.graphql_api(request)


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dexxy.web.urls")),
    path("webhooks/github/", github_webhook, name="github_webhook"),
    path("integrations/", include("dexxy.integrations.urls")),
    path(
        "workspaces/<int:workspace_id>/export/<slug:what>.<slug:form>",
        workspace_export,
        name="workspace_export",
    ),
    path("workspaces/<int:workspace_id>/exports/<int:pk>", export_file, name="export_file"),
    path("admin/", admin.site.urls),
    path("graphql/", graphql_api, name="graphql"),
    path("graphql/schema.graphql", schema_file, name="graphql_schema"),
]
