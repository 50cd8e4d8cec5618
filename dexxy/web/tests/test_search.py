"""The search page, the address that leads to what it names, the palette, and the keys."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.members.models import Identity
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.models import MessageKind, Thread, ThreadKind
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_source, make_thread

Get = Callable[..., HttpResponse]


@pytest.fixture
def get(client: Client, alice: User, workspace: Workspace) -> Get:
    """Read an address of the workspace as Alice."""
    client.force_login(alice)
    return lambda path: client.get(f"/w/{workspace.slug}/{path}")  # type: ignore[return-value]


@pytest.fixture
def mei(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="meisand", name="Mei <Ticker> Sandoval")


@pytest.fixture
def leak(source: Source, mei: Identity) -> Thread:
    """A thread whose title has what is searched for, and one in which it is said."""
    source.name = "panjf2000/ants"
    source.url = "https://github.com/panjf2000/ants"
    source.save()
    leak = make_thread(source=source, number=219, title="Leak because of <Ticker>", author=mei)
    other = make_thread(source=source, number=220, title="Something else", author=mei)
    make_message(thread=leak, kind=MessageKind.OPENED, author=mei, body="Memory grows.")
    make_message(thread=other, author=mei, body=f"{'word ' * 200} the tickers leak & stop")
    search_catch_up(seconds=10)
    return leak


def text(answer: HttpResponse) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_search_finds_threads_messages_and_people_and_marks_why(
    get: Get, workspace: Workspace, leak: Thread, mei: Identity
) -> None:
    page = text(get("search/?q=ticker"))

    assert "Leak because of &lt;<mark>Ticker</mark>&gt;" in page
    assert "word the <mark>tickers</mark> leak &amp; stop" in page
    assert "Mei &lt;<mark>Ticker</mark>&gt; Sandoval" in page
    assert f'href="/w/{workspace.slug}/threads/{leak.pk}/"' in page
    assert f'href="/w/{workspace.slug}/people/{mei.member_id}/"' in page
    bands = re.findall(r'<h2 class="band">(\w+) <span><a href="([^"]+)">([^<]+)</a>', page)
    assert [(name, number) for name, _, number in bands] == [
        ("Threads", "2"),
        ("Messages", "2"),
        ("People", "1"),
    ]
    assert all(address.endswith("?q=ticker") for _, address, _ in bands)
    # A title that has the words comes before what was said later; the newest first, if asked.
    assert page.index("Leak because") < page.index("Something else")
    newest = text(get("search/?q=ticker&sort=newest"))
    assert newest.index("Something else") < newest.index("Leak because")


def test_a_list_that_goes_on_leads_to_all_of_it(get: Get, source: Source, mei: Identity) -> None:
    for number in range(300, 320):
        thread = make_thread(source=source, number=number, title=f"Ticker {number}", author=mei)
        make_message(thread=thread, kind=MessageKind.OPENED, author=mei, body="It leaks.")
    search_catch_up(seconds=10)

    page = text(get("search/?q=ticker"))

    assert re.findall(r'<a class="end" href="([^"]+)">Show all</a>', page) == [
        f"/w/{source.workspace.slug}/{name}/?q=ticker" for name in ("threads", "feed")
    ]
    assert "Show all" not in text(get("search/?q=%23307"))


def test_what_means_nothing_in_a_list_leaves_that_list_out(get: Get, leak: Thread) -> None:
    assert 'class="band">People' not in text(get("search/?q=ticker+is:open"))
    assert 'class="band">Threads' not in text(get("search/?q=ticker+type:comment"))


@pytest.mark.parametrize(
    "q", ["colour:red", '"', "-", "x" * 5000, "%00", "a%00b", "9" * 30, "#" + "9" * 18, "('\\%25_"]
)
def test_whatever_is_typed_is_answered(get: Get, leak: Thread, q: str) -> None:
    for page in ("search/", "search/palette/"):
        assert get(f"{page}?q={q if '%' in q else quote(q)}").status_code == 200


def test_what_is_not_understood_is_said(get: Get, leak: Thread) -> None:
    page = text(get("search/?q=colour:red"))

    assert "<li>There is no qualifier colour:</li>" in page
    assert "Nothing matches" in page
    assert 'name="q" value="colour:red"' in page


def test_an_empty_workspace_and_an_empty_search_have_words(get: Get) -> None:
    assert "Threads, messages and people" in text(get("search/"))
    assert "Nothing matches" in text(get("search/?q=ticker"))
    assert get("search/?q=ticker&sort=sideways").status_code == 200


def test_the_number_of_queries_does_not_grow(
    get: Get,
    source: Source,
    leak: Thread,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(300, 320):
        thread = make_thread(source=source, number=number, title=f"Ticker {number}")
        make_message(thread=thread, body="ticker", author=make_identity(workspace=source.workspace))
    search_catch_up(seconds=10)

    with django_assert_num_queries(47):
        assert "Ticker 319" in text(get("search/?q=ticker")).replace("<mark>", "").replace(
            "</mark>", ""
        )


@pytest.mark.parametrize(
    "to",
    [
        "#219",
        "219",
        "ants#219",
        "panjf2000/ants#219",
        "https://github.com/panjf2000/ants/issues/219",
        "https://github.com/panjf2000/ants/issues/219#issuecomment-1",
        "https://github.com/Panjf2000/ants/pull/219/files",
    ],
)
def test_a_number_or_an_address_leads_to_its_thread(
    get: Get, workspace: Workspace, leak: Thread, to: str
) -> None:
    answer = get(f"go/?to={quote(to)}")

    assert answer.headers["Location"] == f"/w/{workspace.slug}/threads/{leak.pk}/"


@pytest.mark.parametrize(
    "to", ["meisand", "@MeiSand", "Mei <Ticker> Sandoval", "https://github.com/meisand"]
)
def test_a_login_or_a_name_leads_to_the_person(
    get: Get, workspace: Workspace, mei: Identity, to: str
) -> None:
    answer = get(f"go/?to={quote(to)}")

    assert answer.headers["Location"] == f"/w/{workspace.slug}/people/{mei.member_id}/"


@pytest.mark.parametrize(
    ("to", "q"),
    [
        ("", ""),
        ("ticker leak", "q=ticker+leak"),
        ("#404", "q=%23404"),
        ("other#219", "q=other%23219"),
        ("%00", ""),
        ("9" * 30, "q=" + "9" * 30),
        ("https://example.org", "q=https%3A%2F%2Fexample.org"),
    ],
)
def test_anything_else_is_searched_for(
    get: Get, workspace: Workspace, leak: Thread, to: str, q: str
) -> None:
    answer = get(f"go/?to={to if to == '%00' else quote(to)}")

    assert answer.headers["Location"] == f"/w/{workspace.slug}/search/?{q}"
    assert get(f"search/?{q}").status_code == 200


def test_a_number_that_two_threads_have_lists_both(
    get: Get, workspace: Workspace, leak: Thread
) -> None:
    twin = make_thread(
        source=make_source(workspace=workspace, name="elsewhere"),
        kind=ThreadKind.PULL_REQUEST,
        number=219,
        title="The twin",
    )

    assert get("go/?to=219").headers["Location"] == f"/w/{workspace.slug}/search/?q=219"
    page = text(get("search/?q=219"))
    assert leak.title.split()[0] in page
    assert twin.title in page


def test_the_palette_offers_pages_threads_and_people(
    get: Get, workspace: Workspace, leak: Thread, mei: Identity
) -> None:
    empty = text(get("search/palette/"))
    found = text(get("search/palette/?q=ticker"))

    assert re.findall(r'role="group" aria-label="([^"]+)"', empty) == ["Go to"]
    assert f'href="/w/{workspace.slug}/people/"' in empty
    assert re.findall(r'role="group" aria-label="([^"]+)"', found) == [
        "Threads",
        "People",
        "Search",
    ]
    assert "Leak because of &lt;<mark>Ticker</mark>&gt;" in found
    assert "panjf2000/ants #219" in found
    ids = re.findall(r'role="option" id="([^"]+)"', found)
    assert len(ids) == len(set(ids))
    assert "Leak because" in text(get("search/palette/?q=%23219"))


def test_the_palette_offers_the_settings_that_its_reader_may_open(
    client: Client, get: Get, bob: User, workspace: Workspace
) -> None:
    settings = f"/w/{workspace.slug}/settings/"
    found = text(get("search/palette/?q=audit"))

    assert re.findall(r'role="group" aria-label="([^"]+)"', found) == ["Go to", "Search"]
    assert f'href="{settings}audit/"' in found
    client.force_login(bob)  # a member
    assert f'href="{settings}audit/"' not in text(get("search/palette/?q=audit"))
    assert f'href="{settings}team/"' in text(get("search/palette/?q=team"))


def test_the_help_names_every_qualifier_and_every_key(get: Get) -> None:
    page = text(get("search/help/"))

    assert "<code>waiting:&gt;7d</code>" in page
    assert "<code>is:unanswered</code>" in page
    assert "<kbd>Ctrl K</kbd>" in page
    assert "<kbd>g</kbd> then <kbd>w</kbd>" in page


def test_the_keys_lead_to_pages_and_can_be_switched_off(
    client: Client, get: Get, workspace: Workspace
) -> None:
    page = text(get("search/"))
    [keys] = re.findall(r'data-keys="([^"]+)"', page)
    ways = json.loads(keys.replace("&quot;", '"'))
    assert ways["f"] == f"/w/{workspace.slug}/feed/"
    assert ways["p"] == f"/w/{workspace.slug}/people/"

    answer = client.post("/keyboard/", {"keys": "off"}, HTTP_REFERER="http://testserver/w/x/")
    assert answer.headers["Location"] == "/w/x/"
    assert "data-keys" not in text(get("search/"))
    client.post("/keyboard/", {"keys": "on"})
    assert "data-keys" in text(get("search/"))


@pytest.mark.parametrize("path", ["search/?q=x", "search/help/", "search/palette/?q=x", "go/?to=x"])
def test_who_is_not_in_the_workspace_finds_nothing_there(
    client: Client, bob: User, charlie: User, workspace: Workspace, path: str
) -> None:
    address = f"/w/{workspace.slug}/{path}"
    assert client.get(address).status_code == 302
    assert client.get(address).headers["Location"].startswith("/accounts/login/")
    client.force_login(charlie)
    assert client.get(address).status_code == 404
    client.force_login(bob)
    assert client.get(address).status_code in (200, 302)
