"""Threads asked for by number are sorted by what the answer holds of them."""

from typing import Any

import pytest

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.gaps import Gaps
from dexxy.integrations.services.github.reading.found_threads import (
    Found,
    Gone,
    Marked,
    threads_found,
)
from dexxy.messages.models import ArchivedReason, ThreadKind

HERE, ELSEWHERE = 11, 12
ISSUE = Marked(ThreadKind.ISSUE, 7, thread_id=70)
NEVER_STORED = Marked(ThreadKind.ISSUE, 8)
PULL = Marked(ThreadKind.PULL_REQUEST, 9, thread_id=90)


def found(thread: Marked, node: Any, *, is_missed: bool = False, has_issues: bool = True) -> Found:
    shown = {"hasIssuesEnabled": has_issues, "t0": node}
    gaps = Gaps(missed=frozenset({"repository.t0"} if is_missed else ()))
    return threads_found([thread], shown, gaps=gaps, github_id=HERE)


def moved(url: str = "https://g/o/new/issues/1") -> dict[str, Any]:
    return {"repository": {"databaseId": ELSEWHERE}, "url": url}


def test_a_stored_thread_that_is_not_found_is_gone() -> None:
    gone = Gone((ThreadKind.ISSUE, 7), 70, ArchivedReason.MISSING)

    assert found(ISSUE, None, is_missed=True) == Found(gone=[gone])


def test_a_stored_thread_of_another_repository_has_moved_there() -> None:
    gone = Gone((ThreadKind.ISSUE, 7), 70, ArchivedReason.MOVED, "https://g/o/new/issues/1")

    assert found(ISSUE, moved()) == Found(gone=[gone])


def test_a_thread_that_moved_away_and_came_back_has_moved_to_its_new_number() -> None:
    # GitHub leads on from the old number; as `here` it would be asked for again for ever.
    url = "https://g/o/here/issues/13"
    back = {"repository": {"databaseId": HERE}, "number": 13, "url": url}
    gone = Gone((ThreadKind.ISSUE, 7), 70, ArchivedReason.MOVED, url)

    assert found(ISSUE, back) == Found(gone=[gone])


@pytest.mark.parametrize(("node", "is_missed"), [(None, True), (moved(), False)])
def test_a_thread_that_was_never_stored_has_nothing_to_archive(node: Any, is_missed: bool) -> None:
    assert found(NEVER_STORED, node, is_missed=is_missed) == Found(unknown=[NEVER_STORED])


def test_a_feature_that_is_switched_off_hides_its_threads() -> None:
    assert found(ISSUE, None, is_missed=True, has_issues=False) == Found(hidden=[ISSUE])


def test_pull_requests_cannot_be_switched_off() -> None:
    assert found(PULL, None, is_missed=True, has_issues=False).hidden == []


def test_a_thread_that_may_not_be_read_is_not_gone() -> None:
    gaps = Gaps(refused=frozenset({"repository.t0"}))
    shown = {"hasIssuesEnabled": True, "t0": None}

    refused = threads_found([ISSUE], shown, gaps=gaps, github_id=HERE)

    assert refused.gone == []
    assert [(thread, type(error)) for thread, error in refused.unreadable] == [
        (ISSUE, errors.AccessDeniedError)
    ]


def test_a_gap_that_nothing_explains_is_asked_for_again_in_a_smaller_request() -> None:
    with pytest.raises(errors.QueryTooHeavyError, match="shows nothing of #7"):
        found(ISSUE, None)


def test_a_thread_in_an_unknown_shape_is_unreadable_and_its_neighbours_are_not() -> None:
    strange = {"repository": {"databaseId": HERE}, "number": 7}
    shown = {"hasIssuesEnabled": True, "t0": strange, "t1": None}

    gaps = Gaps(missed=frozenset({"repository.t1"}))
    both = threads_found([ISSUE, PULL], shown, gaps=gaps, github_id=HERE)

    assert [(thread, type(error)) for thread, error in both.unreadable] == [
        (ISSUE, errors.UnexpectedAnswerError)
    ]
    assert both.gone == [Gone((ThreadKind.PULL_REQUEST, 9), 90, ArchivedReason.MISSING)]
