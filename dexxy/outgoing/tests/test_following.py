"""What endpoints are to hear: each thing once, from when they listen, and no history."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.members.models import IdentityKind
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.models import ArchivedReason, ChangeKind, Follower, Message, MessageKind, Thread
from dexxy.outgoing.chat import chat_body
from dexxy.outgoing.endpoints import endpoint_set_paused
from dexxy.outgoing.models import Delivery, EndpointKind
from dexxy.outgoing.privacy import source_visibility_note, workspace_keep_private_in
from dexxy.outgoing.tests.conftest import EndpointMaker, catch_up, told
from dexxy.sources.models import Source, SourceKind
from tests.factories import make_identity, make_message, make_source, make_thread, note_change

NOW = timezone.now


def opened(source: Source, at: datetime | None = None, **fields: object) -> Message:
    """Let somebody open a thread, by default just now."""
    at = at or NOW()
    author = fields.pop("author", None) or make_identity(workspace=source.workspace)
    thread = make_thread(source=source, author=author, opened_at=at, **fields)  # type: ignore[arg-type]
    return make_message(
        thread=thread,
        kind=MessageKind.OPENED,
        author=author,  # type: ignore[arg-type]
        body="It fails",
        occurred_at=at,
    )


def test_each_message_of_the_feed_is_one_event(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    endpoint = make_endpoint()
    message = opened(source)
    for kind in (
        MessageKind.COMMENT,
        MessageKind.REVIEW,
        MessageKind.CLOSED,
        MessageKind.REOPENED,
        MessageKind.ANSWERED,
        MessageKind.MERGED,
    ):
        make_message(thread=message.thread, kind=kind, author=message.author, occurred_at=NOW())
    make_message(thread=message.thread, kind=MessageKind.LABELED, in_feed=False, occurred_at=NOW())

    catch_up()

    assert told(endpoint) == [
        "thread.opened",
        "member.new",
        "member.first_thread",
        "message.created",
        "message.created",
        "thread.closed",
        "thread.reopened",
        "thread.answered",
        "thread.merged",
    ]
    first = Delivery.objects.filter(endpoint=endpoint).earliest("pk")
    assert first.payload["data"]["message"]["body"] == "It fails"
    assert first.payload["data"]["thread"]["number"] == message.thread.number


def test_reading_the_same_again_tells_nothing_twice(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    endpoint = make_endpoint()
    message = opened(source)
    catch_up()
    before = told(endpoint)

    note_change(message)
    catch_up()
    Follower.objects.update(started_to=0)  # as after a long absence
    catch_up()

    assert told(endpoint) == before != []


def test_history_is_told_to_nobody(make_endpoint: EndpointMaker, source: Source) -> None:
    endpoint = make_endpoint(since=NOW() - timedelta(days=100))
    thread = make_thread(source=source)
    for days in (200, 99, 8):
        make_message(thread=thread, occurred_at=NOW() - timedelta(days=days))
    make_message(thread=thread, occurred_at=NOW() - timedelta(days=6), body="news")
    catch_up()
    assert [one.payload["data"]["message"]["body"] for one in Delivery.objects.all()] == ["news"]

    # A repository that was connected today has no news of yesterday.
    Delivery.objects.all().delete()
    Source.objects.filter(pk=source.pk).update(created_at=NOW() - timedelta(hours=2))
    make_message(thread=thread, occurred_at=NOW() - timedelta(hours=3))
    catch_up()

    assert told(endpoint) == []


def test_what_happened_before_an_endpoint_was_made_is_not_told_to_it(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    first, second = make_endpoint(), make_endpoint(since=NOW() + timedelta(minutes=1))
    opened(source)

    catch_up()

    assert told(first) == ["thread.opened", "member.new", "member.first_thread"]
    assert told(second) == []


def test_an_edit_is_told_once_each_time_and_other_changes_are_none(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    endpoint = make_endpoint(events=["message.edited"])
    message = opened(source)
    note_change(message, ChangeKind.EDITED)  # its labels, say
    catch_up()
    assert told(endpoint) == []

    for minute in (1, 2):
        message.edited_at = NOW() + timedelta(minutes=minute)
        message.save()
        note_change(message, ChangeKind.EDITED)
        note_change(message, ChangeKind.EDITED)
        catch_up()

    assert told(endpoint) == ["message.edited"] * 2


def test_what_is_gone_is_told_without_its_words(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    endpoint = make_endpoint(events=["message.deleted", "thread.deleted"])
    message = opened(source)
    gone = make_message(thread=message.thread, body="a secret", occurred_at=NOW())
    Message.objects.filter(pk=gone.pk).update(
        is_archived=True, archived_reason=ArchivedReason.DELETED
    )
    note_change(gone, ChangeKind.REMOVED)
    catch_up()

    [delivery] = Delivery.objects.filter(endpoint=endpoint)
    assert delivery.event == "message.deleted"
    assert delivery.payload["data"]["message"] == {
        "id": str(gone.pk),
        "kind": "comment",
        "url": gone.url,
        "reason": "deleted",
    }
    assert "a secret" not in str(delivery.payload)


def test_a_thread_that_is_gone_is_one_event(make_endpoint: EndpointMaker, source: Source) -> None:
    endpoint = make_endpoint(events=["message.deleted", "thread.deleted"])
    message = opened(source)
    other = make_message(thread=message.thread, occurred_at=NOW())
    gone = {"is_archived": True, "archived_reason": ArchivedReason.MISSING}
    Thread.objects.filter(pk=message.thread_id).update(**gone)
    Message.objects.filter(thread=message.thread_id).update(**gone)
    for one in (message, other):
        note_change(one, ChangeKind.REMOVED)

    catch_up()

    assert told(endpoint) == ["thread.deleted"]


def test_a_bot_is_no_new_member_and_somebody_known_no_longer(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    endpoint = make_endpoint(events=["member.new", "member.first_thread"])
    opened(source, author=make_identity(workspace=source.workspace, kind=IdentityKind.BOT))
    known = make_identity(workspace=source.workspace)
    make_message(
        thread=make_thread(source=source), author=known, occurred_at=NOW() - timedelta(days=50)
    )
    opened(source, author=known)

    catch_up()

    assert told(endpoint) == ["member.first_thread"]


def test_an_endpoint_with_filters_hears_of_what_they_keep(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    bugs = make_endpoint(events=["thread.opened"], filters=FeedFilters(labels=["bug"]))
    words = make_endpoint(events=["thread.opened"], filters=FeedFilters(search="fails"))
    none = make_endpoint(
        events=["thread.opened"], filters=FeedFilters(without=FeedFilters(labels=["bug"]))
    )
    opened(source, labels=["bug"])

    catch_up()

    # Words are looked at although nobody has indexed them yet.
    assert [told(one) for one in (bugs, words, none)] == [["thread.opened"], ["thread.opened"], []]


@pytest.mark.parametrize("is_private", [True, False, None])
def test_a_workspace_keeps_in_what_is_private_or_may_be(
    make_endpoint: EndpointMaker,
    alice: User,
    workspace: Workspace,
    source: Source,
    is_private: bool | None,
) -> None:
    endpoint = make_endpoint(events=["thread.opened"])
    if is_private is not None:
        source_visibility_note(source.pk, is_private=is_private)
    workspace_keep_private_in(viewer=alice, workspace=workspace, keeps=True)
    opened(source)

    catch_up()

    assert told(endpoint) == (["thread.opened"] if is_private is False else [])


def test_what_happens_while_an_endpoint_is_paused_is_never_told(
    make_endpoint: EndpointMaker, alice: User, source: Source
) -> None:
    endpoint = make_endpoint(events=["thread.opened"])
    endpoint_set_paused(viewer=alice, endpoint_id=endpoint.pk, paused=True)
    # What happens in the very second in which it goes on is heard.
    opened(source, at=NOW() - timedelta(seconds=2))
    catch_up()
    endpoint_set_paused(viewer=alice, endpoint_id=endpoint.pk, paused=False)
    catch_up()

    assert told(endpoint) == []


def test_nobody_follows_where_nobody_listens(source: Source) -> None:
    opened(source)

    catch_up()

    assert not Follower.objects.filter(name="outgoing").exists()


def test_the_number_that_we_gave_a_thread_of_a_script_is_told_to_nobody(
    make_endpoint: EndpointMaker, workspace: Workspace
) -> None:
    fed = make_source(workspace=workspace, name="dev@ants.org", kind=SourceKind.FED)
    chat = make_endpoint(events=["thread.opened"], kind=EndpointKind.SLACK)
    message = opened(fed, title="Leak")
    Thread.objects.filter(pk=message.thread_id).update(external_id="<1@ants.org>")

    catch_up()

    [delivery] = Delivery.objects.filter(endpoint=chat)
    assert delivery.payload["data"]["thread"]["number"] is None
    assert "|dev@ants.org Leak>" in chat_body(chat, [delivery.payload])["text"].replace(
        "\u200b", ""
    )
