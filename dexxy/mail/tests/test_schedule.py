"""When digests are due, over changes of clocks and of minds."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.mail.models import Digest, MailKind, MailPreference, OutgoingMail
from dexxy.mail.preferences import mail_preference_set
from dexxy.mail.schedule import digests_queue, last_moment

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "hour", "due"),
    [
        # In winter it is an hour later than in UTC, in summer two.
        ("2026-01-10T07:00", 8, "2026-01-10T07:00"),
        ("2026-01-10T06:59", 8, "2026-01-09T07:00"),
        ("2026-07-10T06:00", 8, "2026-07-10T06:00"),
        # The night in which 2 o'clock is left out: it is 3 then.
        ("2026-03-29T00:59", 2, "2026-03-28T01:00"),
        ("2026-03-29T01:00", 2, "2026-03-29T01:00"),
        ("2026-03-29T06:00", 8, "2026-03-29T06:00"),
        # The night in which 2 o'clock comes twice: the first counts.
        ("2026-10-25T00:00", 2, "2026-10-25T00:00"),
        ("2026-10-25T01:30", 2, "2026-10-25T00:00"),
        ("2026-10-25T07:00", 8, "2026-10-25T07:00"),
    ],
)
def test_a_daily_digest_is_due_at_its_hour_whatever_the_clocks_do(
    now: str, hour: int, due: str
) -> None:
    assert last_moment(at(now), BERLIN, Digest.DAILY, weekday=0, hour=hour) == at(due)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        # The night in which it is half past 2 at 2 o'clock: then it is due.
        ("2026-10-03T15:29", "2026-10-02T15:30"),
        ("2026-10-03T15:30", "2026-10-03T15:30"),
        # The night in which it is half past 1 again before it is 2.
        ("2026-04-04T15:29", "2026-04-03T15:00"),
        ("2026-04-04T15:30", "2026-04-04T15:30"),
    ],
)
def test_clocks_that_change_by_half_an_hour_send_one_digest_a_day(now: str, due: str) -> None:
    zone = ZoneInfo("Australia/Lord_Howe")

    assert last_moment(at(now), zone, Digest.DAILY, weekday=0, hour=2) == at(due)


def test_a_weekly_digest_is_due_on_its_day() -> None:
    # 2026-03-30 is a Monday, the day after the clocks changed.
    due = last_moment(at("2026-03-30T06:00"), BERLIN, Digest.WEEKLY, weekday=0, hour=8)
    before = last_moment(due - timedelta(seconds=1), BERLIN, Digest.WEEKLY, weekday=0, hour=8)

    assert (due, before) == (at("2026-03-30T06:00"), at("2026-03-23T07:00"))


@pytest.fixture
def preference(bob: User, workspace: Workspace) -> MailPreference:
    User.objects.filter(pk=bob.pk).update(time_zone="Europe/Berlin")
    made = mail_preference_set(viewer=bob, workspace=workspace, digest=Digest.DAILY, hour=8)
    MailPreference.objects.update(digest_after=at("2026-10-24T12:00"))
    return made


def periods() -> list[tuple[str, datetime | None]]:
    digests = OutgoingMail.objects.filter(kind=MailKind.DIGEST).order_by("pk")
    return list(digests.values_list("period", "since"))


def test_each_digest_is_made_once_and_tells_of_the_time_since_the_last(
    preference: MailPreference,
) -> None:
    for now in ("2026-10-25T06:59", "2026-10-25T07:00", "2026-10-25T07:01", "2026-10-26T06:59"):
        digests_queue(at(now))

    # The day of the change has 25 hours.
    assert periods() == [("2026-10-25", at("2026-10-24T06:00"))]


def test_after_an_outage_the_last_digest_alone_is_sent(preference: MailPreference) -> None:
    digests_queue(at("2026-10-25T08:00"))

    digests_queue(at("2026-10-29T09:00"))

    unsent = OutgoingMail.objects.unsent().values_list("period", flat=True)
    assert list(unsent) == ["2026-10-29"]


def test_who_moves_to_another_zone_gets_no_second_digest_of_a_day(
    bob: User, preference: MailPreference
) -> None:
    digests_queue(at("2026-10-26T07:00"))
    User.objects.filter(pk=bob.pk).update(time_zone="America/New_York")

    digests_queue(at("2026-10-26T13:00"))
    digests_queue(at("2026-10-27T13:00"))

    assert [day for day, _since in periods()] == ["2026-10-26", "2026-10-27"]


def test_what_was_chosen_just_now_says_nothing_of_this_morning(
    bob: User, workspace: Workspace
) -> None:
    mail_preference_set(viewer=bob, workspace=workspace, digest=Digest.DAILY, hour=0)

    assert digests_queue() == 0
    assert digests_queue(datetime.now(UTC) + timedelta(days=1)) == 1


def test_who_leaves_or_is_deactivated_gets_no_digest(
    bob: User, workspace: Workspace, preference: MailPreference
) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert digests_queue(at("2026-10-25T08:00")) == 0

    User.objects.filter(pk=bob.pk).update(is_active=True)
    workspace.memberships.filter(user=bob).delete()

    assert digests_queue(at("2026-10-25T08:00")) == 0
    assert not MailPreference.objects.exists()
