"""When the last commit of a pull request was pushed, as far as no event of its own says so."""

from datetime import UTC, datetime, timedelta

import pytest

from dexxy.messages.waiting.pushes import Head, with_push
from dexxy.messages.waiting.turns import Act, Actor, Deed

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = None


def at(hour: float) -> datetime:
    return BEGIN + timedelta(hours=hour)


def order(story: str, *, made: float | None, by_other: bool = False) -> str:
    """Return what happens in which order, the push with its hour.

    Args:
        story: `reviews old 3` for a review of an older commit at hour 3, `pushes new 4` for an
            event of the push of the last one.
        made: the hour at which the last commit was made. The pull request was opened at 2, and
            changed last at 9.
    """
    head = Head("new", NEVER if made is None else at(made), at(9), by_other)
    acts = []
    for verb, commit, hour in (one.split() for one in story.split(", ") if one):
        deed = Deed.PUSHED if verb == "pushes" else Deed.SAID
        if verb != "says":
            head.names.append((at(float(hour)), deed, None if commit == "?" else commit))
        acts.append(Act(at(float(hour)), deed, Actor.TEAM, message_id=1))
    found = with_push(Act(at(2), Deed.SAID, Actor.OPENER), acts, head)
    return ", ".join(
        f"{one.deed.name.lower()} {(one.at - BEGIN) / timedelta(hours=1):g}"
        + ("" if one.message_id else " told")
        for one in found
    )


@pytest.mark.parametrize(
    ("story", "made", "expected"),
    [
        # It counts from when it was made, where nothing says more.
        ("says - 4", 5, "said 4, pushed 5 told"),
        ("says - 6", 5, "pushed 5 told, said 6"),
        ("says - 5", 5, "said 5, pushed 5 told"),
        # It came with the opening.
        ("says - 4", 1, "said 4"),
        ("says - 4", 2, "said 4"),
        # It was made before the review of an older commit, and pushed behind it.
        ("reviews old 6", 5, "said 6, pushed 6 told"),
        ("reviews old 6", 1, "said 6, pushed 6 told"),
        ("reviews old 4, reviews old 6, says - 7", 5, "said 4, said 6, pushed 6 told, said 7"),
        # It was reviewed: so it was there, whatever its own clock says.
        ("reviews new 6", 5, "pushed 5 told, said 6"),
        ("reviews new 6", 8, "pushed 6 told, said 6"),
        ("reviews old 4, reviews new 6", 3, "said 4, pushed 4 told, said 6"),
        # Somebody reviewed an older one, in a page that was not loaded anew.
        ("reviews new 5, reviews old 6", 4, "pushed 5 told, said 5, said 6"),
        # A commit that nobody can tell any more says nothing.
        ("reviews ? 6", 5, "pushed 5 told, said 6"),
        # Its clock is fast.
        ("says - 4", 12, "said 4, pushed 9 told"),
        # An event says so: its branch was rewritten.
        ("says - 4, pushes new 6", 5, "said 4, pushed 6"),
        ("pushes old 4", 5, "pushed 4, pushed 5 told"),
        # The branch is gone.
        ("reviews old 6", NEVER, "said 6"),
    ],
)
def test_a_push_is_placed_by_the_commit_and_by_what_was_reviewed(
    story: str, made: float | None, expected: str
) -> None:
    assert order(story, made=made) == expected


def test_what_others_push_is_no_turn_of_the_opener() -> None:
    assert order("reviews old 6", made=7, by_other=True) == "said 6"


def test_an_issue_has_no_commits() -> None:
    opened = Act(at(2), Deed.SAID, Actor.OPENER)

    assert with_push(opened, [], Head("", NEVER, at(9), is_by_other=False)) == []
