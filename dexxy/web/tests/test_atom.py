"""Feeds for readers: valid, sanitised, bounded, to whoever has the secret of a member."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from dexxy.accounts.memberships import membership_remove
from dexxy.accounts.models import ListPage, Membership, SavedView, User, Workspace
from dexxy.accounts.saved_views import saved_view_delete, saved_view_save
from dexxy.members.models import Member, MemberSummary
from dexxy.messages.models import Message, MessageKind, Thread
from dexxy.outgoing import feed_addresses
from dexxy.outgoing.feed_addresses import (
    MOST_A_MINUTE,
    feed_address_create,
    feed_address_revoke,
)
from dexxy.outgoing.models import FeedAddress
from dexxy.outgoing.privacy import source_visibility_note, workspace_keep_private_in
from dexxy.sources.models import Source, SourceKind
from dexxy.web import markdown
from tests.factories import make_identity, make_message, make_source, make_standing, make_thread

OF_THREADS = [ListPage.WAITING, ListPage.FEED, ListPage.THREADS]


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    cache.clear()


def path_of(viewer: User, workspace: Workspace, **given: Any) -> str:
    given = {"page": ListPage.FEED, **given}
    _, address = feed_address_create(viewer=viewer, workspace=workspace, **given)
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def read(client: Client, path: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200, response.content
    found = feedparser.parse(response.content)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    return found


def test_a_feed_is_valid_and_holds_what_the_view_shows(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source, title='<b>"Tags" & signs</b>', labels=["bug"])
    author = make_identity(workspace=workspace, name="Ada & <Co>")
    message = make_message(
        thread=thread,
        author=author,
        body="**bold** <script>alert(1)</script> ![](https://evil.example/x.png)\x0b",
    )
    make_message(thread=make_thread(source=source))
    view = saved_view_save(
        viewer=bob, workspace=workspace, page=ListPage.FEED, name="Bugs", query="q=label%3Abug"
    )

    found = read(client, path_of(bob, workspace, view_id=view.pk))

    assert found.feed.title == "Bugs · Team"
    [entry] = found.entries
    assert entry.title.endswith(f'owner/repo #{thread.number} <b>"Tags" & signs</b>')
    assert entry.author == "Ada & <Co>"
    assert "<strong>bold</strong>" in entry.summary
    for never in ("<script", "<img", "evil.example"):
        assert never not in entry.summary
    assert entry.link.endswith(f"/w/{workspace.slug}/threads/{thread.pk}/m/{message.pk}/")
    assert entry.id == entry.link


def test_all_entries_of_a_feed_together_have_what_a_page_has(
    client: Client,
    bob: User,
    workspace: Workspace,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = make_source(workspace=workspace)
    for one in (source, other, source, other):
        make_message(thread=make_thread(source=one), body="**bold**")
    monkeypatch.setattr(markdown, "MOST_ON_A_PAGE", 2 * len("**bold**"))

    found = read(client, path_of(bob, workspace))

    assert [("<strong>" in entry.summary) for entry in found.entries] == [True] * 2 + [False] * 2


def test_an_empty_feed_is_valid_too(client: Client, bob: User, workspace: Workspace) -> None:
    for page in ListPage:
        assert read(client, path_of(bob, workspace, page=page)).entries == []


def test_feeds_of_threads_and_of_who_waits(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    author = make_identity(workspace=workspace)
    threads = [make_thread(source=source, author=author) for _ in range(2)]
    for days, thread in enumerate(threads, start=1):
        make_message(thread=thread, kind=MessageKind.OPENED, author=author)
        make_standing(thread=thread, since=timezone.now() - timedelta(days=days))

    waiting = read(client, path_of(bob, workspace, page=ListPage.WAITING))
    listed = read(client, path_of(bob, workspace, page=ListPage.THREADS))

    # Who began to wait last is the news.
    assert [
        f"#{thread.number} " in one.title
        for thread, one in zip(threads, waiting.entries, strict=True)
    ] == [True, True]
    assert len(listed.entries) == 2


def make_waiting(source: Source, *, title: str, label: str = "") -> Thread:
    """Let somebody wait in a thread, which is in the feed and in the list of threads, too."""
    author = make_identity(workspace=source.workspace)
    labels = [label] if label else []
    thread = make_thread(source=source, author=author, title=title, labels=labels)
    make_message(thread=thread, kind=MessageKind.OPENED, author=author)
    make_standing(thread=thread, since=timezone.now() - timedelta(days=1))
    return thread


@pytest.mark.parametrize("page", OF_THREADS)
def test_a_feed_of_a_view_has_what_the_view_keeps_and_of_that_what_may_leave(
    client: Client, alice: User, bob: User, workspace: Workspace, source: Source, page: ListPage
) -> None:
    public = make_source(workspace=workspace)
    source_visibility_note(public.pk, is_private=False)
    for one, where in ((source, "private"), (public, "public")):
        for label in ("bug", "idea"):
            make_waiting(one, title=f"A {where} {label}", label=label)
    view = saved_view_save(
        viewer=bob, workspace=workspace, page=page, name="Bugs", query="q=label%3Abug"
    )
    path = path_of(bob, workspace, view_id=view.pk)

    found = read(client, path)
    workspace_keep_private_in(viewer=alice, workspace=workspace, keeps=True)
    kept = read(client, path)

    assert found.feed.title == "Bugs · Team"
    assert found.feed.link.endswith("?q=label%3Abug")
    titles = [entry.title for entry in found.entries]
    assert sorted(title[title.index("A ") :] for title in titles) == [
        "A private bug",
        "A public bug",
    ]
    [entry] = kept.entries
    assert entry.title.endswith("A public bug")


@pytest.mark.parametrize("page", OF_THREADS)
def test_the_number_that_we_gave_a_thread_of_a_script_is_in_no_feed(
    client: Client, bob: User, workspace: Workspace, page: ListPage
) -> None:
    fed = make_source(workspace=workspace, name="dev@ants.org", kind=SourceKind.FED)
    thread = make_waiting(fed, title="Leak")
    Thread.objects.filter(pk=thread.pk).update(external_id="<1@ants.org>")

    [entry] = read(client, path_of(bob, workspace, page=page)).entries

    assert entry.title.endswith("dev@ants.org Leak")


def test_what_has_not_changed_is_not_sent_again(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    message = make_message(thread=make_thread(source=source), body="once")
    path = path_of(bob, workspace)
    first = client.get(path)

    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    Message.objects.filter(pk=message.pk).update(body="changed")
    again = client.get(path, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 200
    assert again["ETag"] != first["ETag"]
    assert first["Last-Modified"]
    assert first["Cache-Control"] == "private, no-cache"
    assert first["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in first


def test_an_address_ends_with_the_membership_and_does_not_come_back_with_another(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    path = path_of(bob, workspace)
    read(client, path)
    mine = Membership.objects.get(user=bob, workspace=workspace)

    membership_remove(viewer=alice, membership_id=mine.pk)
    assert client.get(path).status_code == 404
    Membership.objects.create(user=bob, workspace=workspace)

    assert client.get(path).status_code == 404


def test_an_address_ends_when_it_is_revoked_or_its_view_is_gone_or_its_person_locked_out(
    client: Client, bob: User, workspace: Workspace
) -> None:
    view = saved_view_save(
        viewer=bob, workspace=workspace, page=ListPage.FEED, name="Bugs", query=""
    )
    paths = [path_of(bob, workspace), path_of(bob, workspace, view_id=view.pk)]
    third = path_of(bob, workspace)
    feed_address_revoke(viewer=bob, feed_address_id=FeedAddress.objects.earliest("pk").pk)
    saved_view_delete(viewer=bob, view_id=view.pk)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    assert [client.get(path).status_code for path in (*paths, third)] == [404, 404, 404]


def test_a_shared_view_that_is_taken_back_shows_nothing_more(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    given: dict[str, Any] = {
        "workspace": workspace,
        "page": ListPage.FEED,
        "name": "B",
        "query": "",
    }
    view = saved_view_save(viewer=alice, is_shared=True, **given)
    path = path_of(bob, workspace, view_id=view.pk)
    assert client.get(path).status_code == 200

    saved_view_save(viewer=alice, view_id=view.pk, **given)

    assert client.get(path).status_code == 404


@pytest.mark.parametrize("key", ["", "dxy_wrong", "\0", "é" * 1000])
def test_without_the_secret_there_is_no_feed(
    client: Client, bob: User, workspace: Workspace, key: str
) -> None:
    path_of(bob, workspace)
    client.force_login(bob)

    assert client.get(f"/w/{workspace.slug}/feed.atom", {"key": key}).status_code == 404


def test_the_secret_of_one_workspace_opens_no_other(
    client: Client, bob: User, charlie: User, workspace: Workspace
) -> None:
    path = path_of(bob, workspace)
    other = Workspace.objects.get(memberships__user=charlie)

    assert client.get(path.replace(workspace.slug, other.slug)).status_code == 404


def test_what_is_private_is_kept_in(
    client: Client, alice: User, bob: User, workspace: Workspace, source: Source
) -> None:
    public = make_source(workspace=workspace)
    source_visibility_note(public.pk, is_private=False)
    source_visibility_note(source.pk, is_private=True)
    for one in (source, public):
        make_message(thread=make_thread(source=one), body=f"of {one.name}")
    path = path_of(bob, workspace)
    assert len(read(client, path).entries) == 2

    workspace_keep_private_in(viewer=alice, workspace=workspace, keeps=True)

    [entry] = read(client, path).entries
    assert public.name in entry.title


def test_an_address_that_is_read_all_the_time_is_refused_until_the_minute_is_over(
    client: Client, bob: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = path_of(bob, workspace), path_of(bob, workspace)
    began = 30_000_000 * 60.0
    monkeypatch.setattr(feed_addresses, "time", lambda: began)
    answers = [client.get(path).status_code for _ in range(MOST_A_MINUTE)]

    refused = client.get(path)

    assert answers == [200] * MOST_A_MINUTE
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert client.get(other).status_code == 200
    monkeypatch.setattr(feed_addresses, "time", lambda: began + 59.9)
    assert client.get(path).status_code == 429
    monkeypatch.setattr(feed_addresses, "time", lambda: began + 60)
    assert client.get(path).status_code == 200


def test_a_view_that_means_nothing_any_more_says_so(
    client: Client, bob: User, workspace: Workspace
) -> None:
    view = saved_view_save(
        viewer=bob, workspace=workspace, page=ListPage.FEED, name="Odd", query="kind=nothing"
    )

    assert client.get(path_of(bob, workspace, view_id=view.pk)).status_code == 400


def test_a_feed_is_bounded(client: Client, bob: User, workspace: Workspace, source: Source) -> None:
    thread = make_thread(source=source)
    for _ in range(60):
        make_message(thread=thread)

    assert len(read(client, path_of(bob, workspace)).entries) == 50


@pytest.fixture
def newcomers(workspace: Workspace, source: Source) -> list[Member]:
    """Ada came a year ago; Bea and Cleo this week, Cleo last."""
    now, members = timezone.now(), []
    thread = make_thread(source=source)
    for name, days in (("Ada", 365), ("Bea", 3), ("Cleo", 1)):
        account = make_identity(workspace=workspace, username=name.lower(), name=f"{name} <Co>")
        at = now - timedelta(days=days)
        make_message(thread=thread, author=account, occurred_at=at)
        Member.objects.filter(pk=account.member_id).update(first_seen_at=at, last_seen_at=at)
        MemberSummary.objects.create(
            member_id=account.member_id,
            workspace=workspace,
            messages=1,
            recent=1,
            first_act_at=at,
            last_act_at=at,
            counted_at=now,
        )
        members.append(account.member)
    return members


def test_a_feed_of_people_has_those_who_are_new(
    client: Client, bob: User, workspace: Workspace, newcomers: list[Member]
) -> None:
    found = read(client, path_of(bob, workspace, page=ListPage.PEOPLE))

    assert found.feed.title == "New people · Team"
    assert [entry.title for entry in found.entries] == ["Cleo <Co>", "Bea <Co>"]
    entry = found.entries[0]
    assert entry.link.endswith(f"/w/{workspace.slug}/people/{newcomers[2].pk}/")
    assert entry.id == entry.link
    assert entry.summary.startswith("cleo<br")
    assert "First seen" in entry.summary


def test_a_feed_of_a_view_of_people_follows_it(
    client: Client, bob: User, workspace: Workspace, newcomers: list[Member]
) -> None:
    Member.objects.filter(pk=newcomers[2].pk).update(tags=["speaker"])
    view = saved_view_save(
        viewer=bob,
        workspace=workspace,
        page=ListPage.PEOPLE,
        name="Speakers",
        query="q=tag%3Aspeaker",
    )
    path = path_of(bob, workspace, view_id=view.pk)
    assert [entry.title for entry in read(client, path).entries] == ["Cleo <Co>"]

    SavedView.objects.update(query="")

    assert len(read(client, path).entries) == 3


def test_who_was_met_in_private_alone_is_kept_in_with_what_they_said(
    client: Client, alice: User, bob: User, workspace: Workspace, newcomers: list[Member]
) -> None:
    shown = make_source(workspace=workspace)
    source_visibility_note(shown.pk, is_private=False)
    bea = newcomers[1].identities.get()
    make_message(thread=make_thread(source=shown), author=bea)
    path = path_of(bob, workspace, page=ListPage.PEOPLE)
    assert len(read(client, path).entries) == 2

    workspace_keep_private_in(viewer=alice, workspace=workspace, keeps=True)

    assert [entry.title for entry in read(client, path).entries] == ["Bea <Co>"]


def test_what_is_not_read_is_answered_alike(
    client: Client, bob: User, workspace: Workspace
) -> None:
    path = path_of(bob, workspace)

    assert client.head(path)["ETag"] == client.get(path)["ETag"]
    assert client.post(path).status_code == 405
