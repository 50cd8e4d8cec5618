"""Values that nobody expects: what is honest is stored, and one thread is never all threads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread
from dexxy_simulator.faults import (
    Effect,
    half_surrogates,
    huge_bodies,
    lacking,
    nul_bytes,
    patched,
    times_are,
    unknown_actors,
    unknown_states,
)
from tests.scene import LISTS, Scene, add_thread, first_issue, first_pull
from tests.truth import assert_source_equals

STREAMS = [*LISTS, "parts", "refetch"]


def in_thread(number: int, **fields: Any) -> Effect:
    """Show one thread with other fields."""

    def change(body: Any) -> None:
        nodes = body["data"]["repository"].get("list", {}).get("nodes", [])
        single = [node for name, node in body["data"]["repository"].items() if name == "t0"]
        for node in (*nodes, *single):
            if node and node.get("number") == number:
                node.update(fields)

    return patched(change)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"state": "HALF_OPEN"}, "ValueError(\"'half_open' is not a valid ThreadState\")"),
        ({"state": None}, "AttributeError(\"'NoneType' object has no attribute 'lower'\")"),
        ({"title": ["a"]}, "TypeError('list instead of a text')"),
        ({"updatedAt": "soon"}, "ValueError(\"Invalid isoformat string: 'soon'\")"),
        (
            {"createdAt": "0000-00-00T00:00:00Z"},
            "ValueError('year 0 is out of range')",
        ),
        ({"author": "jo"}, "AttributeError(\"'str' object has no attribute 'get'\")"),
        ({"reviews": 5, "comments": 5}, "TypeError(\"'int' object is not subscriptable\")"),
    ],
)
def test_one_thread_that_cannot_be_read_is_a_problem_and_the_others_are_read(
    busy: Scene, fields: dict[str, Any], why: str
) -> None:
    other = busy.world.open_issue(busy.repository, busy.owner, "Another")
    busy.go_wrong(in_thread(10, **fields), "issues")

    with capture_logs() as logs:
        assert busy.outcome() == ("done", "")

    # What is odd about it is for the log: people who read pages cannot use it.
    assert why in {one.get("why") for one in logs}
    assert busy.problems == {
        ("issue", 10): "GitHub shows issue #10 in a way that this Dexxy does not know."
        " Update Dexxy, or report it."
    }
    assert not Thread.objects.filter(number=10).exists()
    assert Thread.objects.filter(number=other.number).exists()
    busy.recover()


def test_a_thread_that_cannot_be_read_again_stays_as_it_was_and_is_tried_less_and_less(
    busy: Scene,
) -> None:
    before = busy.stored("refetch")
    busy.go_wrong(in_thread(1, state="HALF_OPEN"), "refetch")

    assert busy.outcome() == ("done", "")

    assert set(busy.problems) == {("issue", 1)}
    assert Thread.objects.get(kind="issue", number=1).state == "open"
    assert busy.stored("refetch") != before  # pull request 2 was read
    first = busy.connected.problems.get()
    busy.connected.problems.update(retry_at=timezone.now())
    assert busy.outcome() == ("done", "")
    second = busy.connected.problems.get()
    assert second.attempts > first.attempts
    assert second.retry_at - first.retry_at > timedelta(hours=1)
    busy.recover()


@pytest.mark.parametrize("stream", LISTS)
@pytest.mark.parametrize("field", ["body", "url"])
def test_a_page_of_which_no_thread_can_be_read_stops_the_run(
    busy: Scene, stream: str, field: str
) -> None:
    add_thread(busy, stream, "Another")
    busy.connected.streams.filter(name=stream).update(watermark=None)
    before = busy.stored(stream)
    busy.go_wrong(lacking(field), stream)

    with capture_logs() as logs:
        assert busy.outcome() == ("failed", "unexpected_answer")

    assert "in a way that this Dexxy does not know. Update Dexxy" in busy.error
    assert f"KeyError('{field}')" in {one.get("why") for one in logs}
    assert busy.problems == {}
    assert busy.stored(stream) == before
    busy.recover()


def test_what_is_too_long_for_its_column_is_one_thread_s_problem(busy: Scene) -> None:
    other = busy.world.open_issue(busy.repository, busy.owner, "Another")
    busy.go_wrong(in_thread(10, stateReason="x" * 300), "issues")

    assert busy.outcome() == ("done", "")

    assert busy.problems == {
        ("issue", 10): "GitHub's answer holds what cannot be stored (value too long for type"
        " character varying(50)). Update Dexxy, or report it."
    }
    assert Thread.objects.filter(number=other.number).exists()
    busy.recover()


def words_are(**fields: str) -> Effect:
    """Let GitHub use other words in fields that have one."""

    def change(body: Any) -> Any:
        if isinstance(body, list):
            return [change(one) for one in body]
        if not isinstance(body, dict):
            return body
        return {k: fields[k] if k in fields and v else change(v) for k, v in body.items()}

    return patched(change)


def test_reasons_that_github_adds_are_stored_as_they_are(busy: Scene) -> None:
    busy.world.close(first_issue(busy.repository), busy.owner)
    busy.go_wrong(words_are(stateReason="MOOT"), "issues")

    assert busy.outcome() == ("done", "")

    assert Thread.objects.get(kind="issue", number=1).state_reason == "moot"
    assert Message.objects.get(kind="closed", thread__number=1).details == {"state_reason": "moot"}
    busy.recover(sweep=True)


def test_states_of_reviews_that_github_adds_are_stored_as_they_are(busy: Scene) -> None:
    pull = first_pull(busy.repository)
    busy.world.review(pull, busy.owner, "APPROVED", "Good")

    def change(body: Any) -> None:
        for node in body["data"]["repository"]["list"]["nodes"]:
            for review in node["reviews"]["nodes"]:
                review["state"] = "SHRUGGED"

    busy.go_wrong(patched(change), "pull_requests")

    assert busy.outcome() == ("done", "")

    states = Message.objects.filter(kind="review", thread__number=pull.number)
    assert {message.details["state"] for message in states} == {"SHRUGGED"}
    busy.recover(sweep=True)


def test_events_that_github_adds_are_left_out(busy: Scene) -> None:
    def change(body: Any) -> None:
        for node in body["data"]["repository"]["list"]["nodes"]:
            node["timelineItems"]["nodes"].append({"__typename": "FrozenEvent", "id": "FE_1"})

    busy.go_wrong(patched(change), "issues")

    assert busy.outcome() == ("done", "")

    assert_source_equals(busy.connected.source, busy.repository)


@pytest.mark.parametrize("stream", STREAMS)
def test_accounts_of_a_kind_that_github_adds_are_users_by_their_node_ids(
    busy: Scene, stream: str
) -> None:
    busy.go_wrong(unknown_actors(), stream)

    assert busy.outcome() == ("done", "")

    unknown = Identity.objects.filter(external_id=busy.owner.node_id)
    assert [(one.username, one.kind) for one in unknown] in ([("owner", "user")], [])
    assert unknown.exists() or stream == "issues"
    busy.recover(sweep=True)


def test_states_of_all_threads_that_nobody_knows_stop_the_run(busy: Scene) -> None:
    busy.world.open_issue(busy.repository, busy.owner, "Another")
    busy.connected.streams.filter(name="issues").update(watermark=None)
    before = busy.stored("issues")
    busy.go_wrong(unknown_states(), "issues")

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.stored("issues") == before
    busy.recover()


@pytest.mark.parametrize("effect", [nul_bytes, half_surrogates])
@pytest.mark.parametrize("stream", [*STREAMS, "people"])
def test_what_postgresql_does_not_store_is_replaced_in_every_text(
    busy: Scene, stream: str, effect: Callable[[], Effect]
) -> None:
    busy.go_wrong(effect(), stream)

    assert busy.outcome() == ("done", "")

    mark = "\N{REPLACEMENT CHARACTER}"
    in_bodies = Message.objects.filter(body__contains=mark).exists()
    in_profiles = Identity.objects.filter(member__bio__contains=mark).exists()
    assert (in_bodies, in_profiles) == (stream != "people", False)
    busy.recover(sweep=True)


@pytest.mark.parametrize("stream", STREAMS)
def test_a_body_of_a_megabyte_is_stored_whole(busy: Scene, stream: str) -> None:
    busy.go_wrong(huge_bodies(), stream)

    assert busy.outcome() == ("done", "")

    assert max(len(m.body) for m in Message.objects.all()) == 1_000_000
    busy.recover(sweep=True)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-11-20T12:00:00", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20T12:00:00+05:30", datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("stream", LISTS)
def test_an_absurd_time_is_stored_and_passes_nothing(
    busy: Scene, stream: str, value: str, stored: datetime
) -> None:
    busy.connected.streams.filter(name=stream).update(watermark=datetime(2026, 1, 1, tzinfo=UTC))
    busy.go_wrong(times_are(value), stream)

    assert busy.outcome() == ("done", "")

    # The list of edits finds these two: their comments have other times there.
    threads = Thread.objects.filter(kind=stream.removesuffix("s")).exclude(number__in=[1, 10])
    assert {thread.opened_at for thread in threads} == {stored}
    assert not Thread.objects.filter(version_at__gt=datetime.now(UTC)).exists()
    busy.recover(sweep=True)


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("stream", ["comment_edits", "review_comment_edits"])
def test_an_absurd_time_of_an_edit_moves_no_watermark(busy: Scene, stream: str, value: str) -> None:
    busy.go_wrong(times_are(value), stream)

    assert busy.outcome() == ("done", "")

    watermark = busy.connected.streams.get(name=stream).watermark
    assert watermark is not None
    assert watermark < datetime.now(UTC) - timedelta(minutes=4)
    busy.recover()


def test_ids_beyond_every_number_of_javascript_are_kept_exactly(busy: Scene) -> None:
    issue, pull = busy.repository.issues[10], busy.repository.pull_requests[11]
    issue.comments[0].database_id = 2**31 + 1
    issue.comments[1].database_id = 2**53 + 1
    issue.comments[-1].database_id = 2**63 - 1
    pull.reviews[0].database_id = 2**53 + 3
    pull.reviews[0].comments[0].database_id = 2**53 + 5

    assert busy.outcome() == ("done", "")

    assert Message.objects.filter(external_id=str(2**53 + 1)).exists()
    assert_source_equals(busy.connected.source, busy.repository)
    assert busy.outcome() == ("done", "")
    assert_source_equals(busy.connected.source, busy.repository)
