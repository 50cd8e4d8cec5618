"""What counts as an answer, and what is unanswered: cases of the definitions, through each door."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.members.models import IdentityKind
from dexxy.messages.conversation.page import conversation
from dexxy.messages.feed.filters import FeedFilters, ThreadFilters
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_find
from dexxy.messages.feed.threads import threads_kept
from dexxy.messages.figures.durations import time_to_first_response
from dexxy.messages.figures.outcomes import Outcome
from dexxy.messages.figures.scope import Window
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.insights import insights
from dexxy.messages.models import Message, Thread
from dexxy.messages.tests.stories import Teller, moment
from dexxy.sources.models import Source

# A thread, when it was answered (none: not yet), and whether it is unanswered now.
CASES = """
    I A opens 0, b1 says 0.1, A says 1, T says 5 => 5 no
    I B opens 1, C says 2 => 2 no
    I C opens 2 => none yes
    I A opens 10, T says 4 => 4 no
    I A opens 0, A' says 1, C hides 2, D says 3 => 3 no
    I A opens 0, A' says 1, C hides 2, g says 3 => none yes
    I A opens 0, T closes 1 => none no
    I A opens 0, T closes 1, A reopens 2 => none yes
    I A opens 0, T fixes 1, A reopens 2 => 1 no
    I A opens 0, C commits 1, T says 2 => 1 no
    I A opens 0, A fixes 1, A reopens 2, b1 commits 3, A reopens 4 => none yes
    I A opens 0, T plans 1, A reopens 2 => none yes
    P A opens 0, T commits 1, A reopens 2 => none yes
    P A opens 0, g says 1, T merges 4 => 4 no
    P A opens 0, A merges 4 => none no
    P A opens 0, b1 merges 4 => none no
    P A opens 0, T wraps 3 => none yes
    P A opens 0, A reviews 1, b1 approves 2, T lines 3 => 3 no
    P A opens 0, T drafts 2 => none no
    P A opens 0, A readies 10 => none yes
    D A opens 0, C chooses 1 => none yes
    D A opens 0, m says 1 => 1 no
    D m opens 0 => none no
    I g opens 0 => none no
    I b1 opens 0 => none no
"""
GRAPHQL = """query ($workspace: ID!) {
  activityFeed(workspaceId: $workspace, filters: { onlyUnanswered: true }) { totalCount }
  threads(workspaceId: $workspace, filters: { onlyUnanswered: true }, first: 100) {
    edges { node { id } } }
  others: threads(workspaceId: $workspace, filters: { without: { onlyUnanswered: true } }) {
    totalCount } }"""


class Told:
    """The cases, told in one workspace.

    Args:
        answered: each thread, and when it was answered.
        unanswered: the threads that are unanswered.
    """

    def __init__(self, source: Source) -> None:
        cases = [line.strip().split(" => ") for line in CASES.strip().splitlines()]
        teller = Teller(source)
        if (imported := teller.person("m")) is not None:
            imported.kind = IdentityKind.MANNEQUIN
            imported.save()
        threads = teller.tell(" | ".join(story for story, _ in cases))
        ends = [end.split() for _, end in cases]
        self.answered = {
            thread.pk: None if at == "none" else moment(at)
            for thread, (at, _) in zip(threads, ends, strict=True)
        }
        self.unanswered = {
            thread.pk for thread, (_, is_it) in zip(threads, ends, strict=True) if is_it == "yes"
        }
        threads_settle(list(self.answered))


@pytest.fixture
def told(source: Source) -> Told:
    return Told(source)


def stored() -> dict[int, Any]:
    return dict(Thread.objects.values_list("pk", "first_response_at"))


def test_a_thread_knows_when_another_person_first_answered(told: Told) -> None:
    assert stored() == told.answered


def test_every_list_and_count_means_the_same_by_unanswered(
    told: Told, alice: User, workspace: Workspace, ask: Callable[..., dict[str, Any]]
) -> None:
    feed = feed_find(feed_query(workspace, FeedFilters(only_unanswered=True)), 1000)
    messages = Message.objects.filter(thread__in=told.unanswered, in_feed=True)
    kept = threads_kept(alice, workspace, ThreadFilters(only_unanswered=True))
    found = insights(
        alice, workspace, Window(since=moment("0"), until=moment("99"), now=moment("99"))
    )
    shown = ask(GRAPHQL, alice, workspace=workspace.pk)["data"]

    assert {one.pk for one in feed} == set(messages.values_list("pk", flat=True))
    assert {one.pk for one in kept.all} == told.unanswered
    assert found.unanswered_threads == len(told.unanswered)
    assert shown["activityFeed"]["totalCount"] == len(feed)
    assert {int(edge["node"]["id"]) for edge in shown["threads"]["edges"]} == told.unanswered
    assert shown["others"]["totalCount"] == len(told.answered) - len(told.unanswered)


def test_the_figures_take_the_time_that_the_thread_knows(
    told: Told, alice: User, workspace: Workspace
) -> None:
    window = Window(since=moment("0"), until=moment("99"), now=moment("99"))

    found = time_to_first_response(alice, workspace, window, with_team=True)

    opened = dict(Thread.objects.values_list("pk", "opened_at"))
    taken = [one for durations in found.values() for one in durations.threads]
    answered = {
        one.thread_id: opened[one.thread_id] + one.took
        for one in taken
        if one.outcome is Outcome.DONE and one.took is not None
    }
    assert answered == {one.thread_id: at for one in taken if (at := told.answered[one.thread_id])}


def test_the_team_answers_by_a_merge_and_not_by_what_was_hidden(
    alice: User, workspace: Workspace, source: Source
) -> None:
    teller = Teller(source, team={"T": None})
    [thread] = teller.tell("P A opens 0, T hides 1, T merges 2")

    assert conversation(alice, workspace, thread.pk).team_answered_at == moment("2")


def test_an_upgrade_tells_every_thread_anew(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    Thread.objects.update(first_response_at=moment("50"))

    # The second one knows of answers that the first one does not.
    for name in ("0013_what_is_answered", "0027_what_is_answered_by_work"):
        migration = import_module(f"dexxy.messages.migrations.{name}")
        monkeypatch.setattr(migration, "BATCH", 7)
        migration.tell_anew(None, None)

    assert stored() == told.answered
