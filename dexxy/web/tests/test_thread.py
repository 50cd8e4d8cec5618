"""The page of a thread."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.members.models import Identity
from dexxy.messages.conversation.facts import MOST_PEOPLE
from dexxy.messages.conversation.outline import STRETCH
from dexxy.messages.models import (
    Message,
    MessageKind,
    Thread,
    ThreadKind,
    ThreadRead,
    ThreadState,
)
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.sources.models import Source
from tests.factories import (
    START,
    make_identity,
    make_message,
    make_source,
    make_thread,
    make_workspace,
)

Get = Callable[..., str]
# The frame's, and those for the thread, its outline, who is of the team, who waits,
# the messages, the people and the other threads of the author.
QUERIES = 26


@pytest.fixture
def get(client: Client, alice: User, workspace: Workspace) -> Get:
    """Read a page of the workspace as Alice; PART is what htmx would put it into."""
    client.force_login(alice)

    def read(path: str = "", part: str = "", status: int = 200) -> str:
        headers = {"HX-Request": "true", "HX-Target": part} if part else {}
        response = client.get(f"/w/{workspace.slug}/{path}", headers=headers)
        assert response.status_code == status
        return response.content.decode()

    return read


def items(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<li class="item[^"]*" id="m(\d+)"', page)]


def long_thread(source: Source, size: int) -> tuple[Thread, list[int]]:
    """Make a thread of SIZE messages, a minute apart; return it with their ids."""
    thread = make_thread(source=source)
    author = make_identity(workspace=source.workspace)
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
        for n in range(size)
    ]
    return thread, [one.pk for one in Message.objects.bulk_create(rows)]


def test_a_thread_shows_its_state_labels_and_messages_in_order(get: Get, source: Source) -> None:
    thread = make_thread(
        source=source, number=5, title="Lost tasks", state=ThreadState.CLOSED, labels=["bug", "p1"]
    )
    made = [make_message(thread=thread).pk for _ in range(3)]

    page = get(f"threads/{thread.pk}/")

    assert items(page) == made
    assert "Lost tasks" in page
    assert '<span class="tag is-done">Closed</span>' in page
    assert re.findall(r'<a class="tag" [^>]*><bdi>(.*?)</bdi>', page) == ["bug", "p1"]
    assert re.search(rf'href="{thread.url}" rel="noopener"[^>]*>Open on GitHub ', page)


def test_beside_a_thread_stands_its_type_as_long_as_it_has_one(get: Get, source: Source) -> None:
    thread = make_thread(source=source, number=5)
    Thread.objects.filter(pk=thread.pk).update(issue_type="<Größe>")
    assert "<dt>Issue type</dt>" in get(f"threads/{thread.pk}/")
    assert "<bdi>&lt;Größe&gt;</bdi>" in get(f"threads/{thread.pk}/")

    Thread.objects.filter(pk=thread.pk).update(issue_type="")
    assert "Issue type" not in get(f"threads/{thread.pk}/")


@pytest.mark.parametrize("size", [1, 30])
def test_the_page_costs_the_same_queries_whatever_it_shows(
    get: Get,
    workspace: Workspace,
    source: Source,
    size: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    thread = make_thread(source=source, author=make_identity(workspace=workspace))
    for _ in range(size):
        make_message(thread=thread, author=make_identity(workspace=workspace))

    with django_assert_num_queries(QUERIES):
        page = get(f"threads/{thread.pk}/")

    assert len(items(page)) == size


@pytest.mark.slow
def test_any_message_of_a_thread_of_5000_opens_at_its_address(
    get: Get, source: Source, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    thread, ids = long_thread(source, 5000)

    for place in (0, 20, 2500, 4999):
        with django_assert_num_queries(QUERIES - 1):  # nobody is known to have opened it
            page = get(f"threads/{thread.pk}/m/{ids[place]}/")

        assert f'is-target" id="m{ids[place]}" tabindex="-1" autofocus' in page
        assert len(items(page)) == STRETCH + (place > 15)
        assert items(page)[0] == ids[0]
    assert items(get(f"threads/{thread.pk}/?around={ids[2500]}"))[1] == ids[2500 - 15]
    assert items(get(f"threads/{thread.pk}/"))[-1] == ids[-1]


def test_a_gap_says_how_much_it_hides_and_unfolds_with_and_without_htmx(
    get: Get, source: Source
) -> None:
    thread, ids = long_thread(source, 120)
    page = get(f"threads/{thread.pk}/")
    plain, part = (
        re.search(rf' {name}="[^"]*(\?after=[^"]*)"', page) for name in ("href", "hx-get")
    )
    assert plain is not None
    assert part is not None

    assert "<b>69</b> messages" in page
    assert items(get(f"threads/{thread.pk}/{plain[1]}")) == [ids[0], *ids[1:51]]
    filled = get(f"threads/{thread.pk}/{part[1].replace('&amp;', '&')}", part="gap-x")
    assert items(filled) == ids[1:51]
    assert "<b>19</b> messages" in filled
    assert "<html" not in filled


def test_a_message_that_is_gone_says_so_and_one_of_elsewhere_is_as_good_as_gone(
    get: Get, source: Source
) -> None:
    thread, other = make_thread(source=source), make_message(thread=make_thread(source=source))
    gone = make_message(thread=thread, archived_reason="deleted")

    for pk in (gone.pk, other.pk, 0, 10**18, 10**30):
        assert "is not here, or not any more" in get(f"threads/{thread.pk}/m/{pk}/")


@pytest.mark.parametrize(
    "query",
    ["after=x", "before=%00", "after=MTc.&until=x", "on=soon", "on=2026-02-31", "on=0001-01-01"],
)
def test_a_place_that_is_none_is_refused(get: Get, source: Source, query: str) -> None:
    get(f"threads/{make_thread(source=source).pk}/?{query}", status=400)


def test_a_day_leads_to_what_was_said_on_it(get: Get, source: Source) -> None:
    thread, ids = long_thread(source, 3000)
    day = (START + timedelta(days=2)).date()

    shown = items(get(f"threads/{thread.pk}/?on={day}"))

    first = next(n for n in range(3000) if (START + timedelta(minutes=n)).date() == day)
    assert shown[1 + 15] == ids[first]


def test_what_somebody_did_quietly_is_a_line(get: Get, source: Source) -> None:
    thread = make_thread(source=source, kind=ThreadKind.PULL_REQUEST)
    subject = {"type": "label", "name": "bug"}
    make_message(
        thread=thread, kind=MessageKind.LABELED, details={"subject": subject}, in_feed=False
    )

    page = get(f"threads/{thread.pk}/")

    assert 'class="event is-quiet"' in page
    assert "put the label bug on this" in page
    assert "0 messages" in page


def test_a_review_and_its_comments_are_one_block(get: Get, source: Source) -> None:
    thread = make_thread(source=source, kind=ThreadKind.PULL_REQUEST)
    author = make_identity(workspace=source.workspace)
    review = make_message(thread=thread, kind=MessageKind.REVIEW, author=author, body="Two things")
    of_review = {"review_id": review.external_id, "path": "pool.go", "line": 142}
    comments = [
        make_message(
            thread=thread, kind=MessageKind.REVIEW_COMMENT, details=of_review, body=f"Comment {n}"
        )
        for n in range(2)
    ]
    alone = make_message(
        thread=thread,
        kind=MessageKind.REVIEW_COMMENT,
        details={"review_id": "other", "path": "go.mod"},
    )

    page = get(f"threads/{thread.pk}/")

    assert items(page) == [review.pk, alone.pk]
    assert page.count("pool.go:142") == 2
    assert all(f'<li id="m{one.pk}"' in page for one in comments)
    assert page.index("Two things") < page.index("Comment 0") < page.index("Comment 1")
    assert f'<li id="m{comments[1].pk}" class="is-target"' in get(
        f"threads/{thread.pk}/m/{comments[1].pk}/"
    )


def test_the_people_of_a_thread_are_counted(get: Get, workspace: Workspace, source: Source) -> None:
    thread = make_thread(source=source)
    mira = make_identity(workspace=workspace, name="Mira")
    make_message(thread=thread, author=mira)
    make_message(thread=thread, author=make_identity(workspace=workspace, member=mira.member))
    make_message(thread=thread)
    for _ in range(MOST_PEOPLE):
        make_message(thread=thread, author=make_identity(workspace=workspace))

    page = " ".join(get(f"threads/{thread.pk}/").split())

    assert "15 messages · 13 people" in page
    assert 'class="end">2<span class="hidden"> messages' in page
    assert "and 1 more" in page


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("deleted", "It was deleted on GitHub"),
        ("missing", "GitHub does not show it any more"),
        ("moved", 'href="https://github.com/ada/other/issues/4"'),
    ],
)
def test_a_thread_that_is_gone_says_why_and_keeps_its_words(
    get: Get, source: Source, reason: str, says: str
) -> None:
    thread = make_thread(source=source, title="A secret", archived_reason=reason)
    if reason == "moved":
        thread.moved_to_url = "https://github.com/ada/other/issues/4"
        thread.save()
    noticed = datetime(2025, 5, 3, 12, tzinfo=UTC)
    Thread.objects.filter(pk=thread.pk).update(updated_at=noticed)

    page = get(f"threads/{thread.pk}/", status=410)

    assert says in page
    assert 'Dexxy noticed it on <time datetime="2025-05-03' in page
    assert f"#{thread.number}" in page
    assert "A secret" not in page


def test_what_messages_refer_to_is_linked_where_it_is_known(
    get: Get, workspace: Workspace, source: Source
) -> None:
    mira = make_identity(workspace=workspace, username="Mira")
    other = make_source(workspace=workspace, name="ada/other")
    first, second = make_thread(source=source, number=3), make_thread(source=other, number=4)
    body = "#3 ada/other#4 @mira #99 @nobody"
    make_message(thread=first, body=body)

    page = get(f"threads/{first.pk}/")

    root = f"/w/{workspace.slug}/"
    for address in (
        f"{root}threads/{first.pk}/",
        f"{root}threads/{second.pk}/",
        f"{root}people/{mira.member_id}/",
        f"{source.url}/issues/99",
        "https://github.com/nobody",
    ):
        assert f'<a href="{address}" rel="nofollow' in page


def test_references_reach_no_other_workspace(get: Get, source: Source) -> None:
    elsewhere = make_source(workspace=make_workspace(), name="ada/secret")
    make_thread(source=elsewhere, number=4)
    make_identity(workspace=elsewhere.workspace, username="mira")
    thread = make_thread(source=source)
    make_message(thread=thread, body="ada/secret#4 @mira")

    page = get(f"threads/{thread.pk}/")

    assert 'href="https://github.com/ada/secret/issues/4"' in page
    assert 'href="https://github.com/mira"' in page


def test_a_comment_on_code_shows_the_lines_that_it_is_about(get: Get, source: Source) -> None:
    thread = make_thread(source=source, kind=ThreadKind.PULL_REQUEST)
    details = {"review_id": "1", "path": "pool.go", "line": 142, "diff_hunk": " a\n-<b>\n+c"}
    make_message(thread=thread, kind=MessageKind.REVIEW_COMMENT, details=details, body="Why?")
    make_message(
        thread=thread,
        kind=MessageKind.REVIEW_COMMENT,
        details={**details, "review_id": "2", "outdated": True},
    )

    page = get(f"threads/{thread.pk}/")

    assert '<span> a</span><span class="del">-&lt;b&gt;</span><span class="add">+c</span>' in page
    assert page.count("Outdated: the code has changed since") == 1


def test_who_waits_is_said_with_the_way_to_the_first_unanswered_message(
    get: Get, alice: User, workspace: Workspace, source: Source
) -> None:
    mei, jonas = (make_identity(workspace=workspace, name=name) for name in ("Mei", "Jonas"))
    member_set_team(actor=alice, workspace=workspace, member_id=jonas.member_id, is_on_team=True)
    now = timezone.now()
    thread = make_thread(source=source, author=mei, opened_at=now - timedelta(days=50))

    def say(days: int, author: Identity, kind: MessageKind = MessageKind.COMMENT) -> Message:
        return make_message(
            thread=thread, author=author, kind=kind, occurred_at=now - timedelta(days=days)
        )

    say(50, mei, MessageKind.OPENED)
    answer, first = say(45, jonas), say(41, mei)
    last = say(3, mei)
    standings_recompute(workspace.pk, [thread.pk], team_of(workspace.pk))

    page = " ".join(get(f"threads/{thread.pk}/").split())

    root = f"/w/{workspace.slug}/threads/{thread.pk}/m/"
    assert re.search(r"Waiting for us for <time [^>]*>41 d</time>\.", page)
    assert f'href="{root}{first.pk}/">2 messages since our last answer</a>' in page
    assert f'{thread.url}#new_comment_field" rel="noopener">Answer on GitHub' in page
    assert page.count('<span class="tag is-team">Team</span>') == 1
    mark = page.index("Nobody from the team has answered since here")
    assert page.index(f'id="m{answer.pk}"') < mark < page.index(f'id="m{first.pk}"')
    for name, message in (
        ("First unanswered", first),
        ("Team’s last word", answer),
        ("Last message", last),
    ):
        assert f'<a href="{root}{message.pk}/">{name}</a>' in page


def test_reading_goes_on_at_the_first_unread_message_and_marks_what_is_shown(
    get: Get, alice: User, workspace: Workspace, source: Source
) -> None:
    thread, ids = long_thread(source, 200)
    alice.memberships.update(created_at=START + timedelta(minutes=99))

    # The end of it does not make read what lies before.
    for _ in range(2):
        last = get(f"threads/{thread.pk}/m/{ids[199]}/")
        root = f"/w/{workspace.slug}/threads/{thread.pk}/m/"
        assert last.count(f'<a href="{root}{ids[100]}/">First unread</a>') == 2
    page = get(f"threads/{thread.pk}/?from=unread")

    new = page.index('id="unread">New since you were here')
    assert page.index(f'id="m{ids[99]}"') < new < page.index(f'id="m{ids[100]}"')
    shown = items(page)[-1]
    then = get(f"threads/{thread.pk}/?from=unread")
    assert f'<a href="{root}{shown + 1}/">First unread</a>' in then


def test_a_thread_that_is_new_has_no_line_between_old_and_new(
    get: Get, alice: User, source: Source
) -> None:
    thread, ids = long_thread(source, 3)
    alice.memberships.update(created_at=START - timedelta(days=1))

    page = get(f"threads/{thread.pk}/?from=unread")

    assert items(page) == ids
    assert "New since you were here" not in page
    assert ThreadRead.objects.get().read_at == START + timedelta(minutes=2)


def test_nobody_waits_in_a_thread_that_the_team_answered(get: Get, source: Source) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread)

    page = get(f"threads/{thread.pk}/")

    assert "Waiting for us" not in page
    assert "Answer on GitHub" not in page
