"""The page to try the API on: of our own files, without a network, under our content policy."""

import json
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.web.api.examples import EXAMPLES
from tests import needs


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_query_is_written_and_answered(
    page: Page, context: BrowserContext, base_url: str, alice: User, workspace: Workspace
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

    for number, example in enumerate(EXAMPLES):
        page.get_by_label("Example").select_option(index=number)
        expect(page.get_by_label("Document")).to_have_value(example.document)
        with page.expect_response("**/graphql/") as answer:
            page.get_by_role("button", name="Run").click()
        assert "errors" not in answer.value.json()
        expect(page.locator("#answer")).to_contain_text("Points left of this minute: 2")
    expected = json.dumps({"workspace": str(workspace.pk)}, separators=(",", ":"))
    expect(page.get_by_label("Variables")).to_have_value(expected)

    page.evaluate(needs.axe())
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((found) => found.violations)")
    assert [one["id"] for one in found] == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

    page.get_by_role("link", name="The whole schema").click()
    expect(page.get_by_text("type Query", exact=False).first).to_be_visible()
    assert asked == []
    assert complaints == []
