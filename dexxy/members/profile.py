"""What is shown of a member that several were merged into: which field wins, and from whom.

Nothing is copied when members merge: each keeps its own fields, and what is shown is put together
from them. So the preview before a merge and the page after it cannot differ, and unmerging
gives everything back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dexxy.members.models import Member

# What one value is shown of, in the order of a profile.
SINGLE_FIELDS = ("display_name", "avatar_url", "bio", "company", "location")


@dataclass(frozen=True, slots=True)
class Choice:
    """The value that is shown, the member that it is from, and those that it wins over."""

    value: str
    member_id: int | None
    others: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """A member as it is shown.

    Args:
        fields: name of each of SINGLE_FIELDS -> what is shown.
        notes: member -> what the team wrote about it; all are shown.
    """

    fields: dict[str, Choice]
    tags: Sequence[str]
    notes: Sequence[tuple[int, str]]


def profile_of(members: Sequence[Member]) -> Profile:
    """Put together what is shown of a member.

    Args:
        members: the home members that it is made of, the kept one first.
    """
    return Profile(
        fields={name: _choice(name, members) for name in SINGLE_FIELDS},
        tags=_in_order(tag for member in members for tag in member.tags),
        notes=[(member.pk, member.notes) for member in members if member.notes],
    )


def _choice(name: str, members: Sequence[Member]) -> Choice:
    said = [(member.pk, value) for member in members if (value := getattr(member, name))]
    if not said:
        return Choice("", None, [])
    (member_id, value), *others = said
    return Choice(value, member_id, [other for other in others if other[1] != value])


def _in_order(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tags))
