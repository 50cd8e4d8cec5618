"""The rows that say who waits follow what is said, and who is of the team."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from dexxy.accounts.models import Workspace
from dexxy.messages.ingest.names import Named, name_replaced
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.models import MessageKind, Recount, Standing, TeamStint, Thread
from dexxy.messages.tests.stories import BEGIN, Teller, moment
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy.sources.models import Source
from tests.factories import make_message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def teller(source: Source) -> Teller:
    return Teller(source, team={"T": None, "U": None})


def waiting() -> dict[int, str]:
    """Return who waits in which thread, and since which hour."""
    assert waiting_catch_up(seconds=10) == 0
    found = {}
    for row in Standing.objects.order_by("thread"):
        hours = (row.since - BEGIN) / timedelta(hours=1)
        others = " others" if row.others_replied else ""
        found[row.thread_id] = f"{row.side} {hours:g} {row.reason}{others}"
    return found


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("I A opens 0, b1 says 1, C says 2, A says 3", "team 0 no_reply others"),
        ("I A opens 0, T says 5, A says 7, A' says 8", "team 7 replied"),
        ("I A opens 0, T says 5, C says 7", None),
        ("I A opens 0, T says 5, C calls 7", "team 7 mentioned"),
        ("P A opens 0, T asks 5", None),
        ("P A opens 0, T asks 5, A says 6, T approves 8", "team 8 approved"),
        ("P A opens 0, T wraps 5", "team 0 no_reply"),
        ("P A opens 0, T asks 5, A pushes 6, T approves 8", "team 8 approved"),
        ("P A opens 0, T asks 5, A pushes 6", "team 6 pushed"),
        ("P A opens 0, T asks 5, A requests 6", "team 6 asked"),
        ("P A opens 0, T drafts 2, A says 3", None),
        ("P A opens 0, A says 1, A readies 4", "team 4 ready"),
        ("I A opens 0, T says 1, T closes 2, A says 5", "late 5 replied"),
        ("I A opens 0, T closes 2, A reopens 4, A' says 5", "team 4 reopened"),
        ("D A opens 0, C says 1, A chooses 2", None),
        ("I A opens 0, T dismisses 1, A says 3", "team 3 replied"),
        ("I A opens 0, T dismisses 1, C says 3", "aside 0 no_reply"),
        ("I A opens 0, T hides 1", "team 0 no_reply"),
        ("I g opens 0", None),
        ("I b1 opens 0", None),
        ("I T opens 0, A says 1", "ours 1 replied"),
    ],
)
def test_who_waits_is_told_from_what_was_said_and_done(
    teller: Teller, story: str, expected: str | None
) -> None:
    [thread] = teller.tell(story)

    assert waiting() == ({thread.pk: expected} if expected else {})


def test_an_answer_of_the_team_takes_the_thread_out_of_the_queue(teller: Teller) -> None:
    [thread] = teller.tell("I A opens 0")
    assert waiting() == {thread.pk: "team 0 no_reply"}

    assert thread.times.team_response is None

    make_message(thread=thread, author=teller.person("T"), occurred_at=moment("3"))

    assert waiting() == {}
    thread.times.refresh_from_db()
    assert thread.times.team_response == timedelta(hours=3) // timedelta(microseconds=1)


def test_a_label_that_is_renamed_is_renamed_in_the_rows_of_who_waits(teller: Teller) -> None:
    [thread] = teller.tell("I A opens 0")
    Thread.objects.filter(pk=thread.pk).update(labels=["bug", "docs"])
    waiting()
    assert Standing.objects.get().labels == ["bug", "docs"]
    source = SourceKey(teller.source.workspace_id, teller.source.pk, teller.source.server)

    with transaction.atomic():
        name_replaced(source, Named.LABEL, "bug", "defect")

    assert waiting() == {thread.pk: "team 0 no_reply"}
    assert Standing.objects.get().labels == ["defect", "docs"]


def test_who_closes_what_others_opened_is_of_the_team_also_in_what_was_looked_at_before(
    source: Source, workspace: Workspace
) -> None:
    teller = Teller(source)
    [first, _] = teller.tell("I A opens 0, M says 9 | I B opens 1, B says 2")
    assert waiting()[first.pk] == "team 0 no_reply others"

    teller.tell("I C opens 5, M closes 8")

    assert first.pk not in waiting()
    [stint] = TeamStint.objects.all()
    assert (stint.since, stint.until) == (moment("8"), moment("8") + timedelta(days=365))
    assert not Recount.objects.exists()


def test_a_closing_that_turns_out_not_to_be_makes_nobody_of_the_team(source: Source) -> None:
    teller = Teller(source)
    [first, closed] = teller.tell("I A opens 0, M says 9 | I C opens 5, M closes 8")
    assert first.pk not in waiting()

    archived = closed.messages.get(kind=MessageKind.CLOSED)
    archived.is_archived, archived.archived_reason = True, "missing"
    archived.save()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO messages_change (workspace_id, epoch, transaction_id, kind, thread_id)"
            " SELECT %s, messages_epoch_now(), pg_current_xact_id()::text::bigint, 'removed', %s",
            [source.workspace_id, closed.pk],
        )

    assert waiting()[first.pk] == "team 0 no_reply others"
    assert not TeamStint.objects.exists()
