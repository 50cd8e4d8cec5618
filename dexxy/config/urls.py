import sys
from typing import Any

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


def _urls_of_admin() -> Any:
    """Return the addresses of the administration.

    django-rq would load what writes `/metrics` into every process, for a page of its own that
    tells a part of ours: it does not see the library.
    """
    is_hidden = "prometheus_client" not in sys.modules
    if is_hidden:
        sys.modules["prometheus_client"] = None  # type: ignore[assignment]
    try:
        # Here and not at the start of every process: workers have no pages.
        admin.autodiscover()
        return admin.site.urls
    finally:
        if is_hidden:
            del sys.modules["prometheus_client"]


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
    path("admin/", _urls_of_admin()),
    path("graphql/", graphql_api, name="graphql"),
    path("graphql/schema.graphql", schema_file, name="graphql_schema"),
]
