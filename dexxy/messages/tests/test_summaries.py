"""Summaries count what the figures count, follow what changes, and put people into segments."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.members.models import Member, MemberSummary
from dexxy.members.segments import Segment, segment_of
from dexxy.members.summaries import summaries_due_everywhere
from dexxy.messages.figures.people import (
    contributors,
    inactive_contributors,
    new_contributors,
)
from dexxy.messages.figures.scope import Window
from dexxy.messages.member_activity.asked import asked_of
from dexxy.messages.member_activity.counts import counts_of, opened_threads
from dexxy.messages.member_activity.kept import LONGEST_KEPT
from dexxy.messages.member_activity.page import member_head
from dexxy.messages.models import Message, MessageKind
from dexxy.messages.summaries import counting
from dexxy.messages.summaries.counting import summaries_count
from dexxy.messages.summaries.follower import summaries_catch_up
from dexxy.messages.tests.stories import BEGIN, Teller, moment
from dexxy.messages.tests.vectors import tell, vectors
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy.messages.waiting.triage import threads_snooze
from dexxy.people.merging import people_merge, people_unmerge
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

DAY = timedelta(days=1)


def count(workspace: Workspace, now: datetime) -> QuerySet[Member]:
    """Count everybody of a workspace as of NOW, and return them."""
    summaries_due_everywhere(workspace.pk)
    summaries_count(workspace.pk, list(workspace.members.values_list("pk", flat=True)), now)
    return workspace.members.filter(summary__isnull=False).order_by("pk")


@vectors("""
    I A opens 0d, A' says 1d, b1 says 2d, g says 3d, T closes 4d; now 9d => x 0
    I A opens 0d, B hides 1d; now 9d => x 0
    I A opens 0d, B says 12d | I A opens 41d; now 42d => x 0
    I A opens 0d | I A opens 1d | I A opens 2d | I B opens 0d | I B opens 1d | I B opens 2d, B says 50d; now 100d => x 0
    I A opens 0d | I A opens 1d; now 100d => x 0
    I A opens 0d, A' says 99d | I A opens 1d | I A opens 2d; now 100d => x 0
    I A opens 0d | I A opens 1d | I A opens 2d; now 460d => x 0
""")  # noqa: E501
def test_segments_are_the_figures_of_the_same_name(
    vector: str, alice: User, source: Source
) -> None:
    told = tell(vector, alice, source)
    now = told.window.now
    members = count(source.workspace, now)

    def within(days: int) -> tuple[User, Workspace, Window]:
        window = Window(since=now - days * DAY, until=now + timedelta(hours=1), now=now)
        return alice, source.workspace, window

    def listed(segment: Segment) -> set[int]:
        found = members.filter(segment_of(segment, now=now, team=()))
        return set(found.values_list("pk", flat=True))

    active = contributors(*within(90)).people
    new = {one.member_id for one in new_contributors(*within(30)).people or ()}
    lately = {one.member_id for one in contributors(*within(30)).people}
    people = [one for one in members if not one.is_bot and one.summary.recent]
    assert {one.pk: one.summary.recent for one in people} == {
        one.member_id: one.acts for one in active
    }
    assert listed(Segment.ACTIVE) == {one.member_id for one in active}
    assert listed(Segment.NEW) == new
    assert listed(Segment.RETURNING) == lately - new
    assert listed(Segment.SLIPPING) == set(inactive_contributors(*within(90)).inactive)


def test_weeks_are_seven_days_each_up_to_now(source: Source) -> None:
    teller = Teller(source)
    teller.tell("I A opens 0d, A says 80d, A says 83d, A says 84d, A says 90d")

    [ada] = count(source.workspace, moment("90.5d"))

    assert ada.summary.weeks == [*([0] * 10), 2, 2]
    assert ada.summary.messages == 5


@pytest.mark.django_db(transaction=True)
class TestFollower:
    def test_what_is_written_merged_and_undone_is_counted_soon(
        self, bob: User, source: Source
    ) -> None:
        teller = Teller(source)
        [thread] = teller.tell("I A opens 0, B says 1")
        ada, ben = teller.people["A"], teller.people["B"]

        assert summaries_catch_up(seconds=10) == 0
        assert self.messages() == {"A": 1, "B": 1}

        make_message(thread=thread, author=ada)
        self.wait()
        assert self.messages() == {"A": 2, "B": 1}

        merge = people_merge(
            actor=bob, workspace=source.workspace, kept_id=ada.member_id, merged_id=ben.member_id
        )
        self.wait()
        assert self.messages() == {"A": 3}

        people_unmerge(actor=bob, workspace=source.workspace, merge_id=merge.pk)
        self.wait()
        assert self.messages() == {"A": 2, "B": 1}

    def test_who_waits_is_counted_unless_the_thread_is_snoozed(
        self, bob: User, source: Source
    ) -> None:
        # Connected when the thread was opened: what is from long before is not in the queue.
        Source.objects.update(created_at=BEGIN)
        [thread] = Teller(source).tell("I A opens 0")
        waiting_catch_up(seconds=10)
        self.wait()
        assert MemberSummary.objects.get().waiting == 1

        until = timezone.now() + DAY
        threads_snooze(actor=bob, workspace=source.workspace, thread_ids=[thread.pk], until=until)
        self.wait()
        summary = MemberSummary.objects.get()
        assert (summary.waiting, summary.due_at) == (0, until)

    def test_time_alone_makes_due_whose_counts_it_changes(self, source: Source) -> None:
        Teller(source).tell("I A opens 0")
        make_identity(workspace=source.workspace, username="silent")
        Message.objects.update(occurred_at=timezone.now() - 2 * DAY)
        self.wait()

        ada, silent = MemberSummary.objects.order_by("pk")
        assert (ada.recent, silent.recent) == (1, 0)
        assert ada.counted_at is not None
        assert ada.due_at == ada.counted_at + DAY
        assert silent.due_at is None

        Message.objects.update(occurred_at=timezone.now() - 91 * DAY)
        MemberSummary.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        self.wait()
        assert MemberSummary.objects.get(pk=ada.pk).recent == 0

    @staticmethod
    def wait() -> None:
        """Let the moment pass for which somebody is not counted again."""
        waited = "UPDATE members_membersummary SET due_at = now() WHERE due_at IS NOT NULL"
        assert summaries_catch_up(seconds=10) == 0
        with connection.cursor() as cursor:
            cursor.execute(waited)
        assert summaries_catch_up(seconds=10) == 0

    @staticmethod
    def messages() -> dict[str, int]:
        return dict(MemberSummary.objects.values_list("member__display_name", "messages"))


def test_the_counts_of_who_said_very_much_are_kept_and_counted_again_in_time(
    alice: User, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "COUNTED_UP_TO", 2)
    monkeypatch.setattr(counting, "PACE", DAY)
    author, other = (make_identity(workspace=source.workspace) for _ in range(2))
    thread = make_thread(source=source, author=other)
    for kind in (MessageKind.COMMENT, MessageKind.COMMENT, MessageKind.REVIEW):
        make_message(thread=thread, author=author, kind=kind)
    make_message(thread=thread, author=other)
    workspace = source.workspace

    summaries_due_everywhere(workspace.pk)
    summaries_catch_up(seconds=9)

    assert member_head(alice, workspace, other.member_id).kept is None
    kept = member_head(alice, workspace, author.member_id).kept
    assert kept is not None
    now = timezone.now()
    asked = asked_of(alice, workspace, author.member)
    counts = counts_of(asked, opened_threads(asked), now)
    assert (counts.messages, counts.helped) == (3, 1)
    assert kept.counts == counts

    make_message(thread=thread, author=author)
    summaries_due_everywhere(workspace.pk)
    MemberSummary.objects.update(due_at=BEGIN)
    summaries_catch_up(seconds=9)
    assert member_head(alice, workspace, author.member_id).kept == kept
    again = MemberSummary.objects.get(member=author.member_id).details_due_at
    assert again == kept.counted_at + LONGEST_KEPT
