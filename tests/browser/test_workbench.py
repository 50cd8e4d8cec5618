"""The page to try the API on: of our own files, without a network, under our content policy."""

import pytest
from django.test import Client
from django.urls import include, path
from playwright.sync_api import BrowserContext, Page, expect

from dexxy.accounts.models import User
from dexxy.accounts.views import api_caller, caller_of
from dexxy.common.graphql_view import ApiView
from dexxy.config.schema import schema
from dexxy.config.urls import urlpatterns as product

# As the addresses are while debugging.
urlpatterns = [
    path(
        "graphql/",
        api_caller(ApiView.as_view(schema=schema, caller_of=caller_of, graphql_ide="graphiql")),
    ),
    path("", include(product)),
]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.urls(__name__)
def test_a_query_is_written_and_answered(
    page: Page, context: BrowserContext, base_url: str, alice: User
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda one: None if one.url.startswith(base_url) else asked.append(one.url))
    page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])

    page.goto("/graphql/")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer")).to_contain_text('"name": "Alice"')

    page.get_by_label("Document").fill("query ($id: ID!) { threads(workspaceId: $id) { nothing } }")
    page.get_by_label("Variables").fill('{"id": "1"}')
    page.get_by_label("Document").press("Control+Enter")
    expect(page.locator("#answer")).to_contain_text("Cannot query field 'nothing'")

    page.get_by_label("Variables").fill("{")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#answer")).to_contain_text("The variables are no JSON")

    page.get_by_text("The schema").click()
    expect(page.get_by_text("type Query", exact=False).first).to_be_visible()
    assert asked == []
    assert complaints == []
