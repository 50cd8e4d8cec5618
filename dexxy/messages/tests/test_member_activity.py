"""What one member said and did: days, numbers, whom they helped, with whom they talk."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.members.models import Identity, IdentityKind
from dexxy.messages.member_activity.asked import Asked, asked_of
from dexxy.messages.member_activity.counts import counts_of, first_contribution, opened_threads
from dexxy.messages.member_activity.days import Year, ZoneError, year_of
from dexxy.messages.member_activity.lists import (
    OfOthers,
    companions_of,
    others_count,
    others_page,
    together_page,
)
from dexxy.messages.member_activity.page import member_head
from dexxy.messages.models import ArchivedReason, MessageKind
from dexxy.messages.team.deciding import member_set_team
from dexxy.people.merging import people_merge
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_source, make_thread

NOW = datetime(2026, 11, 29, 22, 30, tzinfo=UTC)  # a Sunday; in Berlin it is 23:30


@pytest.fixture
def ada(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="ada")


@pytest.fixture
def other(workspace: Workspace) -> Identity:
    return make_identity(workspace=workspace, username="other")


def asked(viewer: User, account: Identity) -> Asked:
    account.refresh_from_db()
    return asked_of(viewer, account.workspace, account.member)


def shown(year: Year) -> dict[date, tuple[int, int]]:
    return {day.date: (day.messages, day.level) for day in year.days if day.messages}


def test_a_year_is_53_weeks_from_a_monday_on_to_today(alice: User, ada: Identity) -> None:
    year = year_of(asked(alice, ada), "UTC", NOW)

    assert (year.days[0].date, year.days[-1].date) == (date(2025, 11, 24), date(2026, 11, 29))
    assert len(year.days) == 53 * 7
    assert (year.messages, year.active, year.busiest) == (0, 0, None)


def test_days_are_those_of_the_zone_and_of_all_accounts(
    alice: User, source: Source, ada: Identity, other: Identity
) -> None:
    thread = make_thread(source=source)
    for author, at in ((ada, "2026-11-10T23:30Z"), (other, "2026-11-11T12:00Z")):
        make_message(thread=thread, author=author, occurred_at=datetime.fromisoformat(at))
    people_merge(
        actor=alice,
        workspace=ada.workspace,
        kept_id=ada.member_id,
        merged_id=other.member_id,
    )

    both = asked(alice, ada)

    assert shown(year_of(both, "UTC", NOW)) == {
        date(2026, 11, 10): (1, 1),
        date(2026, 11, 11): (1, 1),
    }
    assert shown(year_of(both, "Europe/Berlin", NOW)) == {date(2026, 11, 11): (2, 1)}
    assert year_of(both, "UTC", NOW).busiest == date(2026, 11, 1)


def test_a_day_has_the_level_of_its_quarter(alice: User, source: Source, ada: Identity) -> None:
    thread = make_thread(source=source)
    for day, number in enumerate((1, 2, 3, 9), start=1):
        for _ in range(number):
            at = datetime(2026, 11, day, 12, tzinfo=UTC)
            make_message(thread=thread, author=ada, occurred_at=at)

    levels = [level for _, level in shown(year_of(asked(alice, ada), "UTC", NOW)).values()]

    assert levels == [1, 2, 3, 4]


@pytest.mark.parametrize("zone", ["", "Nowhere/Else", "../etc/passwd", "x\0"])
def test_a_zone_that_does_not_exist_is_refused(alice: User, ada: Identity, zone: str) -> None:
    with pytest.raises(ZoneError):
        year_of(asked(alice, ada), zone, NOW)


def test_what_is_archived_or_quiet_counts_nowhere(
    alice: User, workspace: Workspace, source: Source, ada: Identity
) -> None:
    gone = make_source(workspace=workspace, is_archived=True)
    make_message(thread=make_thread(source=gone), author=ada, occurred_at=NOW)
    thread = make_thread(source=source)
    make_message(thread=thread, author=ada, occurred_at=NOW, archived_reason=ArchivedReason.DELETED)
    make_message(
        thread=thread, author=ada, kind=MessageKind.LABELED, occurred_at=NOW, in_feed=False
    )

    nothing = asked(alice, ada)

    assert shown(year_of(nothing, "UTC", NOW)) == {}
    assert first_contribution(nothing) is None
    assert others_count(nothing, OfOthers.HELPED) == 0


def test_the_first_contribution_is_that_of_any_account(
    alice: User, source: Source, ada: Identity, other: Identity
) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread, author=ada)
    first = make_message(thread=thread, author=other, occurred_at=NOW - timedelta(days=4000))
    people_merge(
        actor=alice, workspace=ada.workspace, kept_id=ada.member_id, merged_id=other.member_id
    )

    assert first_contribution(asked(alice, ada)) == first


def test_who_helps_speaks_in_the_thread_of_another_person_outside_the_team(
    alice: User, workspace: Workspace, source: Source, ada: Identity, other: Identity
) -> None:
    bot = make_identity(workspace=workspace, kind=IdentityKind.BOT)
    mate = make_identity(workspace=workspace)
    member_set_team(actor=alice, workspace=workspace, member_id=mate.member_id, is_on_team=True)
    helped, *_ = threads = [
        make_thread(source=source, author=author) for author in (other, ada, bot, mate, None)
    ]
    for thread in threads:
        for _ in range(2):
            make_message(thread=thread, author=ada)
    hidden = make_thread(source=source, author=other)
    make_message(thread=hidden, author=ada, details={"minimized": "SPAM"})
    closed = make_thread(source=source, author=other)
    make_message(thread=closed, author=ada, kind=MessageKind.CLOSED)

    assert others_page(asked(alice, ada), OfOthers.HELPED).items == [helped]
    assert others_count(asked(alice, ada), OfOthers.HELPED) == 1


def test_who_joined_the_team_helped_before_that(
    alice: User, workspace: Workspace, source: Source, ada: Identity, other: Identity
) -> None:
    joined = NOW - timedelta(days=30)
    for at in (joined - timedelta(days=1), joined):
        thread = make_thread(source=source, author=other)
        make_message(thread=thread, author=ada, occurred_at=at)
    member_set_team(
        actor=alice,
        workspace=workspace,
        member_id=ada.member_id,
        is_on_team=True,
        since=joined,
    )

    assert others_count(asked(alice, ada), OfOthers.HELPED) == 1
    assert others_count(asked(alice, ada), OfOthers.ANSWERED) == 1


def test_what_one_of_the_team_did_is_in_the_threads_of_others(
    alice: User, workspace: Workspace, source: Source, ada: Identity, other: Identity
) -> None:
    mate = make_identity(workspace=workspace)
    for one in (ada, mate):
        member_set_team(actor=alice, workspace=workspace, member_id=one.member_id, is_on_team=True)
    answered, closed, own, of_mate = (
        make_thread(source=source, author=author) for author in (other, other, ada, mate)
    )
    for thread in (answered, own, of_mate):
        make_message(thread=thread, author=ada)
    for thread in (closed, own, of_mate):
        make_message(thread=thread, author=ada, kind=MessageKind.CLOSED)
    theirs = asked(alice, ada)

    counts = counts_of(theirs, opened_threads(theirs), NOW)

    assert (counts.helped, counts.answered, counts.ended) == (None, 1, 2)
    assert others_page(theirs, OfOthers.ANSWERED).items == [answered]
    assert set(others_page(theirs, OfOthers.ENDED).items) == {closed, of_mate}


def test_companions_are_counted_by_threads_and_lead_to_these(
    alice: User, workspace: Workspace, source: Source, ada: Identity, other: Identity
) -> None:
    third = make_identity(workspace=workspace)
    bot = make_identity(workspace=workspace, kind=IdentityKind.BOT)
    now = timezone.now()
    both, one = (make_thread(source=source, opened_at=now) for _ in range(2))
    for thread, authors in ((both, (ada, other, other, third, bot)), (one, (ada, other))):
        for author in authors:
            make_message(thread=thread, author=author, occurred_at=now)
    old = make_thread(source=source)
    for author in (ada, third):
        make_message(thread=old, author=author, occurred_at=now - timedelta(days=400))

    found = companions_of(asked(alice, ada), now)

    assert [(item.member.pk, item.threads) for item in found] == [
        (other.member_id, 2),
        (third.member_id, 1),
    ]
    assert set(together_page(asked(alice, ada), other.member_id, now).items) == {both, one}
    assert together_page(asked(alice, ada), third.member_id, now).items == [both]


def test_lists_go_on_page_by_page(
    alice: User, source: Source, ada: Identity, other: Identity
) -> None:
    threads = [make_thread(source=source, author=other) for _ in range(5)]
    for thread in threads:
        make_message(thread=thread, author=ada)
    one = asked(alice, ada)

    first = others_page(one, OfOthers.HELPED, 3)
    second = others_page(one, OfOthers.HELPED, 3, first.end)

    assert (first.has_more, second.has_more) == (True, False)
    assert [*first.items, *second.items] == threads[::-1]


def test_who_is_not_in_the_workspace_is_told_nothing(
    charlie: User, workspace: Workspace, ada: Identity
) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        asked_of(charlie, workspace, ada.member)
    with pytest.raises(WorkspaceNotFoundError):
        member_head(charlie, workspace, ada.member_id)
