"""A thread in a real browser: any message is reached, and what people write stays harmless."""

from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from dexxy.accounts.models import User
from dexxy.messages.models import Message, MessageKind, Thread, ThreadKind
from dexxy.sources.models import Source
from tests.factories import START, make_identity, make_message, make_thread

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
]

HOSTILE = """
<script>document.title = "owned"</script><img src=x onerror="document.title='owned'">
[a](javascript:document.title='owned') <a href="dexxy:/accounts/logout/">b</a>
<span class="x-k topbar tabbar" style="position:fixed;inset:0">c</span>
<input type="submit" autofocus onfocus="document.title='owned'"><form action="/accounts/logout/">
</div></article></main><iframe src="https://evil.example/"></iframe><base href="//evil.example/">

```"><script>document.title='owned'</script>
x
```

| `#1` | @everybody | :tada: |
|:-:|--:|---|
| <b>open | [x](//evil.example) | ![p](//evil.example/p.png) |
"""


@pytest.fixture
def signed_in(context: BrowserContext, base_url: str, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])


@pytest.fixture
def long(source: Source) -> tuple[Thread, list[int]]:
    """A thread of 200 messages, with their ids."""
    thread = make_thread(source=source)
    author = make_identity(workspace=source.workspace, name="Mira")
    rows = [
        Message(
            workspace_id=thread.workspace_id,
            source=source,
            thread=thread,
            thread_kind=thread.kind,
            kind=MessageKind.COMMENT if n else MessageKind.OPENED,
            external_id=str(n),
            author=author,
            body=f"Word {n}",
            occurred_at=START + timedelta(minutes=n),
            version_at=START,
        )
        for n in range(200)
    ]
    return thread, [one.pk for one in Message.objects.bulk_create(rows)]


@pytest.mark.usefixtures("signed_in")
def test_any_message_is_reached_by_new_and_old_links_and_gaps_unfold(
    page: Page, long: tuple[Thread, list[int]]
) -> None:
    thread, ids = long
    root = f"/w/{thread.workspace.slug}/threads/{thread.pk}/"

    page.goto(f"{root}m/{ids[100]}/")
    expect(page.locator(f"#m{ids[100]}")).to_be_in_viewport()
    expect(page.locator(f"#m{ids[100]}")).to_be_focused()
    page.goto(f"{root}#m{ids[60]}")
    expect(page.locator(f"#m{ids[60]}")).to_be_in_viewport()
    assert page.url.endswith(f"{root}m/{ids[60]}/")

    expect(page.locator(".item")).to_have_count(51)
    page.get_by_role("link", name="Show", exact=True).click()
    expect(page.locator(".item")).to_have_count(95)
    page.get_by_role("link", name="Show the last 50").click()
    expect(page.locator(".item")).to_have_count(145)
    expect(page.locator(".item").last).to_contain_text("Word 199")


@pytest.mark.usefixtures("signed_in")
def test_hostile_bodies_stay_harmless(page: Page, source: Source) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    thread = make_thread(source=source, title="Harmless", kind=ThreadKind.PULL_REQUEST)
    author = make_identity(workspace=source.workspace, name="<b>Mira</b>")
    make_message(thread=thread, author=author, kind=MessageKind.OPENED, body=HOSTILE)
    details = {"path": "<b>.go", "diff_hunk": "-<img src=x onerror=alert(1)>\n+</span>", "line": 1}
    make_message(thread=thread, kind=MessageKind.REVIEW_COMMENT, details=details, body=HOSTILE)
    make_message(thread=thread, author=author, body="the last word")

    page.goto(f"/w/{thread.workspace.slug}/threads/{thread.pk}/")

    expect(page.get_by_text("the last word")).to_be_visible()
    assert "owned" not in page.title()
    assert not [url for url in asked if "evil.example" in url]
    for what in ("iframe", "form", "script", "[style]", "input:not([type=checkbox])", "base"):
        assert page.locator(f".prose {what}").count() == 0, what
    aside = page.get_by_role("complementary", name="About this thread")
    expect(aside.get_by_role("link", name="<b>Mira</b>").first).to_be_visible()
