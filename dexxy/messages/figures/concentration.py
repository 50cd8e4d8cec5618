"""On how few people, or organizations, half of what is said and done rests."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.members.organization_merges import organization_keys
from dexxy.messages.figures.organizations import organizations_of
from dexxy.messages.figures.people import Contributor, contributors
from dexxy.messages.figures.scope import EVERYTHING, FigureFilters, Window
from dexxy.messages.figures.small_numbers import Figure, Ratio, ratio

LEAST_WHO = 3
LEAST_ACTS = 20


@dataclass(frozen=True, kw_only=True)
class AbsenceFactor(Figure):
    """The fewest people who made half of the acts: talk here, not code.

    Args:
        factor: None without any act.
        people: the list behind it, whoever did most first; named to nobody but the team.
    """

    factor: int | None
    people: Sequence[Contributor]

    @property
    def acts(self) -> int:
        """How much all of them said and did."""
        return sum(one.acts for one in self.people)

    def unshown(self) -> Collection[str]:
        return _unshown(len(self.people), self.acts)


@dataclass(frozen=True, slots=True)
class Organization:
    """One where people work today, and what they said and did.

    Args:
        member_ids: the people.
    """

    name: str
    acts: int
    member_ids: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class ElephantFactor(Figure):
    """The fewest organizations whose people made half of the acts.

    A figure about last year uses today's employers: nobody knows since when.

    Args:
        factor: None if the organization of fewer than half of the acts is known.
        organizations: the list behind it, the one with the most acts first.
        known: the acts of people whose organization is known, of all.
    """

    factor: int | None
    organizations: Sequence[Organization]
    known: Ratio

    def unshown(self) -> Collection[str]:
        return _unshown(len(self.organizations), self.known.part)


def absence_factor(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> AbsenceFactor:
    """Return the fewest people who made half of the acts in a window (M17).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    people = contributors(viewer, workspace, window, filters).people
    return AbsenceFactor(factor=fewest_for_half(one.acts for one in people), people=people)


def elephant_factor(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> ElephantFactor:
    """Return the organizations of whoever acted in a window, and how few made half (M18).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    people = contributors(viewer, workspace, window, filters).people
    names = organizations_of(workspace.pk, [one.member_id for one in people])
    found = _organizations(people, names, organization_keys(workspace.pk))
    known = ratio(sum(one.acts for one in found), sum(one.acts for one in people))
    is_known = 2 * known.part >= known.of
    factor = fewest_for_half(one.acts for one in found) if is_known else None
    return ElephantFactor(factor=factor, organizations=found, known=known)


def fewest_for_half(counts: Iterable[int]) -> int | None:
    """Return how many of COUNTS, the largest first, are at least half of their sum."""
    ordered = sorted(counts, reverse=True)
    total, so_far = sum(ordered), 0
    for number, count in enumerate(ordered, start=1):
        so_far += count
        if 2 * so_far >= total:
            return number
    return None


def _organizations(
    people: Iterable[Contributor], names: Mapping[int, str], key_of: Callable[[str], str]
) -> list[Organization]:
    # The same name is written in many ways: the most active person's is shown.
    found: dict[str, list[Contributor]] = {}
    for one in people:
        if name := names.get(one.member_id):
            found.setdefault(key_of(name) or name.casefold(), []).append(one)
    organizations = [
        Organization(
            name=names[members[0].member_id],
            acts=sum(one.acts for one in members),
            member_ids=[one.member_id for one in members],
        )
        for members in found.values()
    ]
    return sorted(organizations, key=lambda one: (-one.acts, one.name))


def _unshown(who: int, acts: int) -> Collection[str]:
    return () if who >= LEAST_WHO and acts >= LEAST_ACTS else ("factor",)
