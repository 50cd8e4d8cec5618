"""Whose turn it is: each case is a thread in words, as the definition of waiting writes it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from dexxy.messages.models import Side
from dexxy.messages.waiting.turns import Act, Actor, Deed, Standing, standing

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DEEDS = {
    "says": Deed.SAID,
    "calls": Deed.SAID,
    "asks": Deed.SAID,
    "reviews": Deed.SAID,
    "lines": Deed.SAID,
    "approves": Deed.APPROVED,
    "pushes": Deed.PUSHED,
    "requests": Deed.ASKED,
    "drafts": Deed.DRAFTED,
    "readies": Deed.READIED,
    "closes": Deed.ENDED,
    "merges": Deed.ENDED,
    "chooses": Deed.ENDED,
    "reopens": Deed.REOPENED,
    "dismisses": Deed.SET_ASIDE,
}


def stands(story: str, *, team_from: int = 0) -> str:
    """Tell how a thread stands, in the words of the cases.

    Args:
        story: who does what at which hour; A opens it, T and U are of the team, b1 is a bot and g
            an account that is gone.
        team_from: the hour from which T and U are of the team.
    """
    acts = [act_of(*one.split(), team_from=team_from) for one in story.split(", ")]
    found = standing(acts[0], acts[1:], as_draft=story.startswith("A drafts"))
    return " ".join([found.side, *_since(found), *(["others"] if found.others_replied else [])])


def act_of(who: str, verb: str, hour: str, *, team_from: int) -> Act:
    at = BEGIN + timedelta(hours=float(hour))
    is_team = who in "TU" and float(hour) >= team_from
    if re.fullmatch(r"b1|g", who):
        actor = Actor.NOBODY
    else:
        actor = Actor.TEAM if is_team else Actor.OPENER if who[0] == "A" else Actor.OTHER
    return Act(at, DEEDS.get(verb, Deed.SAID), actor, calls_team=verb == "calls")


def _since(found: Standing) -> list[str]:
    return [] if found.since is None else [f"{(found.since - BEGIN) / timedelta(hours=1):g}"]


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("A opens 0, b1 says 1, C says 2, A says 3", "team 0 others"),
        ("A opens 0, T says 5, A says 7, A says 8", "team 7"),
        ("A opens 0, T says 5, C says 7", "author"),
        ("A opens 0, T says 5, C calls 7", "team 7"),
        ("A opens 0, T asks 5", "author"),
        ("A opens 0, T asks 5, A pushes 6, T approves 8", "team 8"),
        ("A opens 0, T drafts 2, A says 3", "author"),
        ("A opens 0, T says 1, T closes 2, A says 5", "late 5"),
        ("A opens 0, T closes 2, A reopens 4, A' says 5", "team 4"),
        ("A opens 0, C says 1, A chooses 2", "none"),
        ("A opens 0, T dismisses 1, A says 3", "team 3"),
        ("g opens 0", "none"),
    ],
)
def test_the_team_owes_the_next_word_since_the_first_act_that_nobody_answered(
    story: str, expected: str
) -> None:
    assert stands(story) == expected


def test_who_joined_the_team_later_did_not_answer_for_it_before() -> None:
    assert stands("A opens 0, T says 3", team_from=5) == "team 0 others"


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("A drafts 0, A says 1", "author"),
        ("A drafts 0, A says 1, A readies 4, A says 5", "team 4"),
        ("A opens 0, T asks 1, A drafts 2, A pushes 3, A readies 6", "team 6"),
        ("A opens 0, T asks 1, A requests 2", "team 2"),
        ("A opens 0, T asks 1, C pushes 2", "author"),
        ("A opens 0, T approves 1, A says 2", "team 1"),
        ("A opens 0, T approves 1, T says 2", "author"),
        ("A opens 0, C approves 1", "team 0 others"),
    ],
)
def test_a_pull_request_is_with_its_author_until_it_is_ready(story: str, expected: str) -> None:
    assert stands(story) == expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("A opens 0, b1 closes 1", "none"),
        ("A opens 0, b1 closes 1, A says 2, A says 3", "late 2"),
        ("A opens 0, b1 closes 1, A says 2, T says 3", "none"),
        ("A opens 0, b1 closes 1, A says 2, b1 reopens 3", "team 2"),
        ("A opens 0, b1 closes 1, b1 reopens 3", "team 0"),
        ("A opens 0, T says 1, b1 closes 2, b1 reopens 3", "author"),
        ("A opens 0, T closes 1, A says 722", "none"),
        ("A opens 0, T closes 1, A says 721", "late 721"),
        ("A opens 0, T closes 1, T reopens 2", "author"),
        ("A opens 0, T closes 1, C reopens 2", "team 2"),
        ("A opens 0, T closes 1, C says 2", "none"),
        ("A opens 0, T closes 1, A pushes 2", "none"),
    ],
)
def test_what_ends_ends_the_wait_until_somebody_outside_the_team_opens_it_again(
    story: str, expected: str
) -> None:
    assert stands(story) == expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("T opens 0", "none"),
        ("T opens 0, C says 1, D says 2", "ours 1"),
        ("T opens 0, C says 1, U says 2", "none"),
        ("T opens 0, b1 says 1, g says 2", "none"),
        ("T opens 0, C says 1, T closes 2, C says 3", "none"),
        ("T opens 0, T closes 1, T reopens 2, C says 3", "ours 3"),
    ],
)
def test_in_a_thread_of_the_team_somebody_else_may_have_the_last_word(
    story: str, expected: str
) -> None:
    assert stands(story) == expected


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("A opens 0, T dismisses 1", "aside 0"),
        ("A opens 0, T dismisses 1, C says 2", "aside 0"),
        ("A opens 0, T dismisses 1, T says 2", "author"),
        ("A opens 0, T says 1, T dismisses 2", "author"),
        ("A opens 0, T closes 1, A says 2, T dismisses 3", "aside 2"),
        ("T opens 0, C says 1, T dismisses 2", "aside 1"),
        ("T opens 0, C says 1, T dismisses 2, C says 3", "ours 3"),
    ],
)
def test_what_was_set_aside_stays_so_until_the_next_turn(story: str, expected: str) -> None:
    assert stands(story) == expected


def test_a_reminder_is_known_as_the_last_turn_without_beginning_the_wait_anew() -> None:
    first, reminder = (BEGIN + timedelta(hours=hour) for hour in (0, 3))

    found = standing(
        Act(first, Deed.SAID, Actor.OPENER, message_id=7),
        [Act(reminder, Deed.SAID, Actor.OPENER, message_id=8)],
    )

    assert (found.side, found.since, found.message_id) == (Side.TEAM, first, 7)
    assert found.turned_at == reminder
