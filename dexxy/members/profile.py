"""Compute the profile of a member that others were merged into.

A merge copies no field. Each home member keeps its own, and the profile is computed from all of
them when it is shown. So the preview of a merge and the page after it cannot differ, and undoing
the merge restores everything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dexxy.members.models import Member

# The fields with one value each, in the order of a profile page.
SINGLE_FIELDS = ("display_name", "avatar_url", "bio", "company", "location")


@dataclass(frozen=True, slots=True)
class Choice:
    """The value that is shown in one field.

    Args:
        value: '' if no home member has one.
        member_id: the home member that it is from; None if no home member has a value.
        others: the different values of other home members, with their ids; these are not shown.
    """

    value: str
    member_id: int | None
    others: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """A member as it is shown.

    Args:
        fields: name of each of SINGLE_FIELDS -> the value that is shown.
        tags: of all home members, each tag once.
    """

    fields: dict[str, Choice]
    tags: Sequence[str]


def profile_of(members: Sequence[Member]) -> Profile:
    """Compute the profile of a member.

    Args:
        members: its home members, the kept one first; the first one with a value wins.
    """
    return Profile(
        fields={name: _choice(name, members) for name in SINGLE_FIELDS},
        tags=_distinct(tag for member in members for tag in member.tags),
    )


def _choice(name: str, members: Sequence[Member]) -> Choice:
    values = [(member.pk, value) for member in members if (value := getattr(member, name))]
    if not values:
        return Choice("", None, [])
    (member_id, value), *others = values
    return Choice(value, member_id, [other for other in others if other[1] != value])


def _distinct(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tags))
