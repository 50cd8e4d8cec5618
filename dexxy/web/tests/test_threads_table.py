import html
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import SavedView, ThreadColumn, User, Workspace
from dexxy.accounts.thread_columns import columns_of_view
from dexxy.common.pages import PAGE
from dexxy.messages.models import ThreadState, Triage
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

Get = Callable[..., str]
# The frame and the limits of time are nearly half of them.
QUESTIONS = 36


@pytest.fixture
def get(client: Client, bob: User, workspace: Workspace) -> Get:
    """Read the table as Bob; PART is what htmx would put it into."""
    client.force_login(bob)

    def read(query: str = "", part: str = "", status: int = 200) -> str:
        headers = {"HX-Request": "true", "HX-Target": part} if part else {}
        response = client.get(f"/w/{workspace.slug}/threads/{query}", headers=headers)
        assert response.status_code == status
        return response.content.decode()

    return read


def rows(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<tr id="t(\d+)"', page)]


def test_a_row_says_what_where_who_and_how_it_stands(
    get: Get, workspace: Workspace, source: Source
) -> None:
    author = make_identity(workspace=workspace, username="mira", name="Mira <3")
    thread = make_thread(source=source, number=7, title="<b>", labels=["bug"], author=author)
    make_message(thread=thread, author=author)

    page = get()

    assert rows(page) == [thread.pk]
    assert "<bdi>&lt;b&gt;</bdi>" in page
    assert "<bdi>Mira &lt;3</bdi>" in page
    assert "repo #7" in page
    assert '?label=bug"><bdi>bug</bdi>' in page
    assert '<span class="tag is-new">Open</span>' in page


def test_the_old_filters_of_the_feed_hold_here_too(
    get: Get, workspace: Workspace, source: Source
) -> None:
    author = make_identity(workspace=workspace)
    one = make_thread(source=source, labels=["bug"], author=author)
    make_thread(source=source, state=ThreadState.CLOSED)

    for query in ("label=bug", "state=open", f"member={author.member_id}", "tab=open"):
        assert rows(get(f"?{query}")) == [one.pk], query
    assert len(rows(get(f"?source={source.pk}&thread=issue"))) == 2


def test_more_is_added_behind_the_last_row_and_the_address_follows(
    get: Get, source: Source
) -> None:
    for _ in range(PAGE + 1):
        make_thread(source=source)

    page = get("?sort=opened")
    [link] = re.findall(r'hx-get="(\?[^"]*)" hx-target="#more"', page)
    part = get(link.replace("&amp;", "&"), part="more")

    assert 'hx-replace-url="true"' in page
    assert "<html" not in part
    assert len({*rows(page), *rows(part)}) == PAGE + 1
    assert "Back to the first" in get(link.replace("&amp;", "&"))


def test_what_no_filter_is_is_refused_in_words(get: Get) -> None:
    for query in ("sort=size", "tab=x", "source=x", f"source={10**30}", "after=x", "label=a%00"):
        get(f"?{query}", status=400)


def test_a_list_that_names_what_is_gone_opens_and_says_so(get: Get, source: Source) -> None:
    make_thread(source=source)

    page = get(f"?source={10**18}&label=gone&member={10**18}&q=repo:nowhere")

    assert "Nothing matches" in page
    assert "A repository of this filter is not connected any more." in page
    assert "No repository called nowhere is connected." in page
    assert "A person of this filter was erased, or is not there any more." in page
    assert "is not connected" not in get("?q=repo:repo")


def test_an_empty_workspace_says_how_to_begin(get: Get) -> None:
    assert "No repository is connected" in get()


def test_the_page_asks_the_same_number_of_questions_for_many_rows(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    client.force_login(bob)
    asked = []
    for number in (1, 20):
        for _ in range(number):
            author = make_identity(workspace=workspace)
            make_message(thread=make_thread(source=source, author=author), author=author)
        with CaptureQueriesContext(connection) as questions:
            client.get(f"/w/{workspace.slug}/threads/?sort=waiting")
        asked.append(len(questions))

    assert asked == [QUESTIONS, QUESTIONS]


def heads(page: str) -> list[str]:
    [head] = re.findall(r"<thead>(.*?)</thead>", page, re.S)
    names = [re.sub(r"<.*?>| ↓", "", cell) for cell in re.findall(r"<th[^>]*>(.*?)</th>", head)]
    return [name for name in names if name]


def test_columns_are_chosen_kept_for_their_reader_and_given_back(
    get: Get, client: Client, alice: User, workspace: Workspace, source: Source
) -> None:
    make_thread(source=source)
    usual = heads(get())
    path = f"/w/{workspace.slug}/threads/columns/"

    client.post(path, {"column": ["author", "where", "nothing"], "query": "tab=open&sort=opened"})

    assert usual == [
        "Thread",
        "State",
        "Where",
        "Opened by",
        "Messages",
        "People",
        "Opened",
        "Active",
    ]
    assert heads(get()) == ["Thread", "Where", "Opened by"]
    assert 'value="author" checked' in get()
    client.post(path, {"query": ""})
    assert heads(get()) == ["Thread"]
    client.post(path, {"usual": "yes"})
    assert heads(get()) == usual
    client.force_login(alice)
    assert heads(get()) == usual


def test_a_view_keeps_the_columns_that_its_maker_saw(
    get: Get, client: Client, alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    Triage.objects.create(workspace=workspace, thread=thread, assignee=alice)
    columns = f"/w/{workspace.slug}/threads/columns/"
    client.post(columns, {"column": ["assignee"]})
    [query] = re.findall(r'name="query" value="([^"]*columns=[^"]*)"', get("?q=is:open"))
    assert html.unescape(query) == "q=is%3Aopen&columns=assignee"

    sent = {"page": "threads", "name": "Whose", "query": html.unescape(query), "shared": "yes"}
    client.post(f"/w/{workspace.slug}/views/", sent)
    client.force_login(alice)
    view = SavedView.objects.get()
    page = get(f"?{view.query}&view={view.pk}")
    changed = client.post(columns, {"column": "where", "query": f"{view.query}&view={view.pk}"})

    assert columns_of_view(view) == [ThreadColumn.ASSIGNEE]
    assert heads(page) == ["Thread", "Assigned to"]
    assert "<bdi>Alice</bdi>" in page
    assert changed["Location"].endswith(f"?q=is%3Aopen&view={view.pk}&columns=where")
    assert "Save the changes" in client.get(changed["Location"]).content.decode()
    # What is no column any more is shown as little as none.
    assert heads(get("?columns=where,gone")) == ["Thread", "Where"]
