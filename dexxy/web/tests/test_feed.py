import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.common.pages import LARGEST_PAGE, PAGE
from dexxy.common.sql import TooSlowError
from dexxy.members.models import IdentityKind, MemberSummary
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import MessageKind, TeamDecision, ThreadKind, ThreadState
from dexxy.sources.models import Source
from dexxy.web.markdown import LONGEST
from dexxy.web.rows.groups import SHOWN
from tests.factories import (
    make_identity,
    make_message,
    make_repository,
    make_source,
    make_thread,
    make_workspace,
)

Get = Callable[..., str]


@pytest.fixture
def get(client: Client, alice: User, workspace: Workspace) -> Get:
    """Read a page of the workspace as Alice; PART is what htmx would put it into."""
    client.force_login(alice)

    def read(path: str = "feed/", part: str = "", status: int = 200) -> str:
        headers = {"HX-Request": "true", "HX-Target": part} if part else {}
        response = client.get(f"/w/{workspace.slug}/{path}", headers=headers)
        assert response.status_code == status
        return response.content.decode()

    return read


def items(page: str) -> list[str]:
    return re.findall(r'<li class="(?:item|said)[^"]*" id="m(\d+)"', page)


def test_an_item_says_who_did_what_where_and_when(
    get: Get, workspace: Workspace, source: Source
) -> None:
    author = make_identity(workspace=workspace, username="mira", name="Mira")
    thread = make_thread(
        source=source, kind=ThreadKind.PULL_REQUEST, number=7, title="<Faster> `pool`"
    )
    message = make_message(
        thread=thread, kind=MessageKind.REVIEW, author=author, details={"state": "APPROVED"}
    )

    page = " ".join(get().split())

    assert "<bdi>Mira</bdi></a> <a" in page
    assert "<i>approved</i>" in page
    assert f'href="/w/{workspace.slug}/threads/{thread.pk}/m/{message.pk}/"' in page
    assert "&lt;Faster&gt; `pool`" in page
    assert "owner/repo #7" in page
    assert f'<time datetime="{message.occurred_at.isoformat()}"' in page


def test_a_gone_account_is_a_ghost_and_a_bot_is_marked(
    get: Get, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    bot = make_identity(workspace=workspace, username="robot", kind=IdentityKind.BOT)
    make_message(thread=thread)
    make_message(thread=thread, author=bot)

    page = get()

    assert ">ghost</b>" in page
    assert page.count('<span class="tag">bot</span>') == 1


def test_the_team_and_who_is_new_are_marked_at_their_names(
    get: Get, workspace: Workspace, source: Source
) -> None:
    now = timezone.now()
    thread = make_thread(source=source)
    teammate, newcomer, regular = (make_identity(workspace=workspace) for _ in range(3))
    TeamDecision.objects.create(
        workspace=workspace, member=teammate.member, is_on_team=True, since=now - timedelta(days=9)
    )
    for author, days in ((teammate, 300), (newcomer, 3), (regular, 300)):
        MemberSummary.objects.create(
            member=author.member, workspace=workspace, first_act_at=now - timedelta(days=days)
        )
    told = {
        make_message(thread=thread, author=author, occurred_at=now - timedelta(days=days)): mark
        for author, days, mark in (
            (teammate, 1, "Team"),
            (teammate, 20, ""),  # they were not yet on the team
            (newcomer, 1, "New"),
            (regular, 1, ""),
        )
    }

    page = get()

    for message, mark in told.items():
        [line] = re.findall(rf'<li class="[^"]*" id="m{message.pk}">.*?</li>', page, re.S)
        marks = re.findall(r'<span class="tag is-(?:team|new)">(\w+)</span>', line)
        assert "".join(marks) == mark


def test_nobody_is_new_before_all_of_the_history_is_read(
    get: Get, workspace: Workspace, source: Source
) -> None:
    make_repository(source=source)
    author = make_identity(workspace=workspace)
    MemberSummary.objects.create(
        member=author.member, workspace=workspace, first_act_at=timezone.now()
    )
    make_message(thread=make_thread(source=source), author=author)

    assert ">New</span>" not in get()


def test_a_body_is_shown_as_clean_html(get: Get, source: Source) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread, body="**bold** <script>alert(1)</script>")

    page = get(f"threads/{thread.pk}/")

    assert "<strong>bold</strong>" in page
    assert "alert(1)" not in page


def test_the_feed_shows_one_line_of_a_body_without_its_marks(get: Get, source: Source) -> None:
    body = (
        "> quoted\n\n**Same** [here](https://example.com) <script>alert(1)</script>\n" + "x " * 999
    )
    make_message(thread=make_thread(source=source), body=body)

    page = get()

    assert "<q><bdi>Same here alert(1) x x" in page
    assert "quoted" not in page


def test_an_endless_body_is_cut(get: Get, source: Source) -> None:
    thread = make_thread(source=source)
    message = make_message(thread=thread, body="word " * LONGEST)

    page = get(f"threads/{thread.pk}/")

    assert f"Cut after {LONGEST:,} characters." in page
    assert f'href="{message.url}" rel="noopener">Read it whole on GitHub</a>' in page


def test_an_avatar_begins_the_name_that_stands_beside_it(
    get: Get, workspace: Workspace, source: Source
) -> None:
    author = make_identity(workspace=workspace, username="appleboy", name="Bo-Yi Wu")
    make_message(thread=make_thread(source=source), author=author)

    assert re.search(r'<span class="avatar[^"]*"[^>]*>BW</span>', get())


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (
            "https://avatars.githubusercontent.com/u/1?v=4",
            "https://avatars.githubusercontent.com/u/1?v=4&s=72",
        ),
        ("https://ghe.example.com/avatars/1", "https://ghe.example.com/avatars/1"),
        ("javascript:alert(1)", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_an_avatar_is_a_small_picture_from_the_web(
    get: Get, workspace: Workspace, source: Source, stored: str, shown: str | None
) -> None:
    author = make_identity(workspace=workspace)
    author.avatar_url = stored
    author.save()
    make_message(thread=make_thread(source=source), author=author)

    found = re.search(r'<span class="avatar[^"]*"[^>]*>P\w*<img src="([^"]*)"', get())

    assert (found and parse_qs(urlsplit(found[1]).query)["of"]) == (shown and [shown])


def test_what_github_hides_is_hidden_behind_its_reason(get: Get, source: Source) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread, body="Buy this!", details={"minimized": "SPAM"})

    assert "Hidden on GitHub as spam</summary>" in get(f"threads/{thread.pk}/")
    assert "<i>hidden on GitHub as spam</i>" in get()
    assert "Buy this!" not in get()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https:/accounts/logout/", "https://["])
def test_an_address_that_is_no_web_address_never_becomes_a_link(
    get: Get, source: Source, address: str
) -> None:
    thread = make_thread(source=source)
    thread.url = address
    thread.save()

    assert f'href="{address}"' not in get(f"threads/{thread.pk}/")


def test_what_was_said_in_a_thread_on_a_day_stands_together_and_unfolds(
    get: Get, source: Source
) -> None:
    busy, quiet = (
        make_thread(source=source, title="Busy"),
        make_thread(source=source, title="Quiet"),
    )
    now = timezone.now()
    yesterday = make_message(thread=busy, occurred_at=now - timedelta(days=1))
    first = [make_message(thread=busy, occurred_at=now) for _ in range(SHOWN)]
    between = make_message(thread=quiet, occurred_at=now)
    last = make_message(thread=busy, occurred_at=now)

    page = get()

    in_order = [last, *reversed(first), between, yesterday]
    assert items(page) == [str(message.pk) for message in in_order]
    assert re.findall(r'<h2 class="band">(\w+)', page) == ["Today", "Yesterday"]
    assert page.count('<section class="group"') == 3
    assert "Show 1 more from this day" in page


def test_the_next_page_does_not_name_a_day_again(get: Get, source: Source) -> None:
    thread, now = make_thread(source=source), timezone.now()
    for _ in range(LARGEST_PAGE + 1):
        make_message(thread=thread, occurred_at=now)
    link = re.search(r'id="older"><a class="btn" href="([^"]*)"', get())
    assert link is not None
    older = link[1].replace("&amp;", "&")

    assert 'class="band"' not in get(f"feed/{older}", part="older")
    assert len(items(get(f"feed/{older}", part="older"))) == 1


def test_filters_come_from_the_address(get: Get, workspace: Workspace, source: Source) -> None:
    author = make_identity(workspace=workspace)
    pull = make_thread(source=source, kind=ThreadKind.PULL_REQUEST)
    elsewhere = make_thread(source=make_source(workspace=workspace))
    first = make_message(thread=pull, kind=MessageKind.OPENED, author=author)
    second = make_message(thread=elsewhere)

    assert items(get()) == [str(second.pk), str(first.pk)]
    for query in (
        f"source={source.pk}&thread=&kind=",
        "thread=pull_request",
        "kind=opened",
        f"member={author.member_id}",
    ):
        assert items(get(f"feed/?{query}")) == [str(first.pk)], query


def test_a_filter_by_a_person_names_them_unless_they_are_of_another_workspace(
    get: Get, workspace: Workspace
) -> None:
    mira = make_identity(workspace=workspace, name="Mira").member
    stranger = make_identity(workspace=make_workspace(), name="Stranger").member

    assert '<b>by</b><bdi class="clip">Mira</bdi>' in get(f"feed/?member={mira.pk}")
    assert "Stranger" not in get(f"feed/?member={stranger.pk}")


def test_threads_labels_bots_and_words_are_filtered_by_the_address(
    get: Get, workspace: Workspace, source: Source
) -> None:
    bot = make_identity(workspace=workspace, kind=IdentityKind.BOT)
    person = make_identity(workspace=workspace)
    done = make_thread(
        source=source, author=person, state=ThreadState.CLOSED, labels=["good first issue"]
    )
    first = make_message(thread=done, author=person, body="a needle")
    second = make_message(thread=make_thread(source=source, author=person), author=bot)
    answered = make_thread(source=source, author=person)
    third = make_message(thread=answered, author=make_identity(workspace=workspace))
    threads_settle([done.pk, answered.pk])
    search_catch_up(seconds=10)

    for query, found in (
        ("state=closed", [first]),
        ("label=good+first+issue", [first]),
        ("search=needles", [first]),
        ("search=+", [third, second, first]),
        ("bots=no", [third, first]),
        ("unanswered=yes", [second]),
    ):
        assert items(get(f"feed/?{query}")) == [str(message.pk) for message in found], query
    page = get("feed/?label=good+first+issue&search=needle")
    assert '<b>label</b><bdi class="clip">good first issue</bdi>' in page
    assert 'value="needle"' in page
    assert "label=good%20first%20issue" in get(f"threads/{done.pk}/")


def test_what_takes_too_long_is_said_so(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> None:
        raise TooSlowError("too slow")

    monkeypatch.setattr("dexxy.messages.selectors.feed_find", slow)

    assert "That takes too long" in get("feed/?state=open", status=503)


@pytest.mark.parametrize(
    "query",
    [
        "search=%00",
        "label=%00",
        "state=poem",
        "source=x",
        "thread=poem",
        "kind=poem",
        "member=-1",
        "after=x",
    ],
)
def test_an_address_that_asks_for_nonsense_is_refused(get: Get, query: str) -> None:
    assert "That does not work" in get(f"feed/?{query}", status=400)


def test_a_full_page_is_light_however_much_was_written(
    get: Get, workspace: Workspace, source: Source
) -> None:
    for number in range(PAGE):
        author = make_identity(workspace=workspace, name=f"{number} {'n' * 60}")
        author.avatar_url = f"https://avatars.githubusercontent.com/u/{number}?v=4"
        author.save()
        thread = make_thread(source=source, title="t" * 256, labels=["l" * 50] * 5)
        make_message(thread=thread, author=author, body="池" * LONGEST)

    assert len(get().encode()) < 150_000


def test_older_pages_follow_with_or_without_htmx(get: Get, source: Source) -> None:
    thread = make_thread(source=source)
    made = [str(make_message(thread=thread).pk) for _ in range(LARGEST_PAGE + 2)]

    first = get("feed/?kind=comment")
    link = re.search(r'id="older"><a class="btn" href="([^"]*)"', first)
    assert link is not None
    older = link[1].replace("&amp;", "&")

    assert items(first) == made[:1:-1]
    assert items(get(f"feed/{older}")) == made[1::-1]
    part = get(f"feed/{older}", part="older")
    assert items(part) == made[1::-1]
    assert "<html" not in part
    assert 'id="older"' not in part


def test_the_page_says_how_much_is_new_and_keeps_its_filters(get: Get, source: Source) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread)
    poll = re.search(r'class="pill"[^>]* hx-get="([^"]*)"', get("feed/?kind=comment"))
    assert poll is not None
    path = poll[1].replace("&amp;", "&").partition(f"/w/{thread.workspace.slug}/")[2]
    assert get(path, part="newer").strip() == ""

    make_message(thread=thread)
    make_message(thread=thread, kind=MessageKind.CLOSED)

    assert '?kind=comment">1 new message</a>' in get(path, part="newer")


def test_the_menu_offers_the_labels_that_are_used_the_most_used_first(
    get: Get, source: Source
) -> None:
    other = make_source(workspace=make_workspace())
    make_thread(source=other, labels=["theirs"])
    make_thread(source=source, labels=["bug"], archived_reason="deleted")
    for labels in (["docs", "good first issue"], ["docs"], []):
        make_message(thread=make_thread(source=source, labels=labels))

    for path in ("feed/", "threads/"):
        page = get(path)

        [offered] = re.findall(r"<p[^>]*>Label</p><ul>(.*?)</ul>", page, re.S)
        assert re.findall(r'href="([^"]*)"', offered) == [
            "?q=label%3Adocs",
            "?q=label%3A%22good+first+issue%22",
        ]


@pytest.mark.parametrize("size", [1, 30])
def test_the_feed_page_costs_the_same_queries_whatever_it_shows(
    get: Get,
    workspace: Workspace,
    source: Source,
    size: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(size):
        author = make_identity(workspace=workspace)
        make_message(thread=make_thread(source=source, author=author), author=author)

    # The session and user, the workspace, seven for the feed, four for what waits and is unread,
    # four for who is on the team and who is new, two for the repositories and three for the labels
    # to choose from, the views, the workspaces of the menu, two for the health line (no repository
    # is connected), the pinned views.
    with django_assert_num_queries(31):
        page = get()

    assert len(items(page)) == size


def test_an_empty_feed_says_what_to_do(get: Get) -> None:
    page = get()

    assert "No repository is connected" in page
    assert "dexxy sync OWNER/REPO --token TOKEN" in page


def test_a_feed_before_its_first_message_and_one_without_matches_differ(
    get: Get, source: Source
) -> None:
    assert "Nothing here yet" in get()
    assert "Nothing matches" in get("feed/?kind=merged")


def unread(page: str) -> int:
    return page.count('class="said is-unread"') + page.count('class="said is-event is-unread"')


def test_what_is_unread_is_marked_until_its_thread_is_opened_or_the_feed_is_read(
    get: Get, client: Client, workspace: Workspace, source: Source
) -> None:
    later = timezone.now() + timedelta(seconds=5)
    one, other = (
        make_thread(source=source, opened_at=later),
        make_thread(source=source, opened_at=later),
    )
    for thread in (one, other):
        make_message(thread=thread, body="new", occurred_at=later)
    assert unread(get("feed/")) == 2

    get(f"threads/{one.pk}/")
    assert unread(get("feed/")) == 1

    path = f"/w/{workspace.slug}/feed/read/"
    assert (
        client.post(path, {"thread": other.pk}, headers={"HX-Request": "true"}).status_code == 204
    )
    assert unread(get("feed/")) == 0
    assert "You have read everything" in get("feed/")


def test_the_feed_is_marked_as_read_up_to_what_was_shown(
    get: Get, client: Client, workspace: Workspace, source: Source
) -> None:
    membership = workspace.memberships.get(user__name="Alice")
    membership.created_at = timezone.now() - timedelta(days=9)
    membership.save()
    message = make_message(thread=make_thread(source=source), occurred_at=timezone.now())
    path = f"/w/{workspace.slug}/feed/read/"

    for nonsense in ("", "x", "2026-13-41T00:00:00+00:00", "2026-01-01T00:00:00"):
        assert client.post(path, {"until": nonsense}).status_code == 400
    assert client.post(path, {"thread": str(10**18)}).status_code == 404
    assert unread(get("feed/")) == 1

    client.post(path, {"until": message.occurred_at.isoformat()})
    assert unread(get("feed/")) == 0


def test_how_close_rows_stand_is_chosen_and_kept(get: Get, client: Client) -> None:
    for chosen, is_compact in (("compact", True), ("x", True), ("comfortable", False)):
        client.post("/density/", {"density": chosen})
        assert ("is-dimmed is-compact" in get("feed/")) is is_compact


def test_new_people_are_a_view_of_the_feed(get: Get, workspace: Workspace, source: Source) -> None:
    new, old = make_identity(workspace=workspace), make_identity(workspace=workspace)
    for author, days in ((new, 3), (old, 300)):
        author.member.first_seen_at = timezone.now() - timedelta(days=days)
        author.member.save()
    thread = make_thread(source=source)
    message = make_message(thread=thread, author=new)
    make_message(thread=thread, author=old)

    assert items(get("feed/?people=new")) == [str(message.pk)]
