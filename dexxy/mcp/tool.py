"""What a tool is, and what it is given: who asks, of which workspace."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.common.ids import parse_id
from dexxy.common.pages import Page
from dexxy.mcp.answers import Answer, Part
from dexxy.mcp.arguments import Arguments
from dexxy.mcp.marks import Marks
from dexxy.people.directory import team_now

# Of an answer, as JSON: some 15,000 tokens of a model. Every tool stops before it.
MOST_BYTES = 60_000

Taken = TypeVar("Taken", bound=Arguments)
Told = TypeVar("Told", bound=Answer)
Item = TypeVar("Item", bound=Part)


@dataclass(frozen=True)
class Call:
    """One call of a tool.

    Args:
        base_url: where Dexxy is, without a slash at its end.
    """

    viewer: User
    workspace: Workspace
    base_url: str
    marks: Marks = field(default_factory=Marks)
    now: datetime = field(default_factory=timezone.now)

    @cached_property
    def team(self) -> frozenset[int]:
        """The members who belong to the team now, by their primary keys."""
        return frozenset(team_now(self.workspace.pk, self.now))

    def page(self, path: str = "") -> str:
        """Return the address of a page of the workspace."""
        return f"{self.base_url}/w/{self.workspace.slug}/{path}"


@dataclass(frozen=True)
class Tool(Generic[Taken, Told]):
    """A tool as an assistant sees it.

    Args:
        description: what it returns and how to go on, for the model.
        points: what a call costs of a person's minute; a function of what it takes.
        run: does it. It raises what is wrong as a DexxyError, whose words the model reads.
    """

    name: str
    title: str
    description: str
    takes: type[Taken]
    tells: type[Told]
    run: Callable[[Call, Taken], Told]
    points: Callable[[Taken], int] | int = 10

    def points_for(self, taken: Any) -> int:
        """Return what a call costs."""
        return self.points if isinstance(self.points, int) else self.points(taken)


class WrongCallError(DexxyError):
    """The arguments of a call do not go together."""

    code = "bad_user_input"


def key_of(text: str) -> int:
    """Return the number that an id spells; 0, which nothing has, where it spells none."""
    return parse_id(text) or 0


def written(part: Part) -> dict[str, Any]:
    """Return PART as JSON, without what is empty, false or unknown."""
    return part.model_dump(mode="json", exclude_defaults=True, by_alias=True)


def size_of(part: Part) -> int:
    """Return how many bytes PART takes as JSON."""
    return len(part.model_dump_json(exclude_defaults=True, by_alias=True).encode())


def fitting(items: Sequence[Item], most: int = MOST_BYTES - 10_000) -> list[Item]:
    """Return the first of ITEMS that take up to MOST bytes together; of some, always one.

    What stands beside them in an answer is left room for.
    """
    kept: list[Item] = []
    taken = 0
    for item in items:
        taken += size_of(item)
        if kept and taken > most:
            break
        kept.append(item)
    return kept


def told_page(
    page: Page[Any], told: Sequence[Item], most: int = MOST_BYTES - 10_000
) -> tuple[list[Item], str | None]:
    """Return what fits of a page, and the cursor to go on behind it; None at the end of the list.

    Args:
        told: what is told of each item of PAGE.
        most: as of `fitting`.
    """
    shown = fitting(told, most)
    if len(shown) == len(page.items):
        return shown, page.end if page.has_more else None
    last = page.items[len(shown) - 1].pk
    return shown, next((str(cursor) for cursor in page.cursors if cursor.pk == last), None)
