"""Who may be one person, for somebody to decide: the most certain first, a page at a time."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.pages import (
    PAGE,
    InvalidCursorError,
    Page,
    check_size,
    decoded,
    encoded,
)
from dexxy.common.sql import fetch_all
from dexxy.members.models import Member, MergeSuggestion
from dexxy.members.who_may_see import require_people

# One for each two members of today, the most certain; none that are one already, are locked, or
# that somebody holds apart.
_OPEN = """
WITH pair AS MATERIALIZED (
    SELECT s.id, s.score, s.state, f.member_id AS a, o.member_id AS b
    FROM members_mergesuggestion s
    JOIN members_identity f ON f.home_member_id = s.first_id
    JOIN members_identity o ON o.home_member_id = s.second_id
    WHERE s.workspace_id = %(workspace)s AND s.state <> 'accepted' AND f.member_id <> o.member_id
), apart AS (
    SELECT a, b FROM pair WHERE state = 'rejected'
    UNION
    SELECT k.member_id, m.member_id
    FROM members_membermerge e
    JOIN members_identity k ON k.home_member_id = e.kept_id
    JOIN members_identity m ON m.home_member_id = e.merged_id
    WHERE e.workspace_id = %(workspace)s AND e.undone_at IS NOT NULL
), locked AS (
    SELECT i.member_id FROM members_identity i JOIN members_member m ON m.id = i.home_member_id
    WHERE i.workspace_id = %(workspace)s AND m.is_locked
), best AS (
    SELECT DISTINCT ON (least(a, b), greatest(a, b)) id, score, a, b
    FROM pair
    WHERE state = 'open'
      AND a NOT IN (SELECT member_id FROM locked) AND b NOT IN (SELECT member_id FROM locked)
      AND NOT EXISTS (
          SELECT FROM apart
          WHERE (apart.a, apart.b) = (pair.a, pair.b) OR (apart.a, apart.b) = (pair.b, pair.a))
    ORDER BY least(a, b), greatest(a, b), score DESC, id
)
"""
_PAGE = f"""
{_OPEN}
SELECT id, a, b FROM best
WHERE (%(member)s::bigint IS NULL OR %(member)s IN (a, b))
  AND (%(score)s::float8 IS NULL OR score < %(score)s OR (score = %(score)s AND id > %(behind)s))
ORDER BY score DESC, id LIMIT %(limit)s
"""
_COUNT = f"{_OPEN} SELECT count(*) FROM best"


@dataclass(frozen=True, slots=True)
class OpenSuggestion:
    """A suggestion, and the two members of today that it would make one."""

    suggestion: MergeSuggestion
    first: Member
    second: Member

    @property
    def pk(self) -> int:
        """That of the suggestion."""
        return self.suggestion.pk


@dataclass(frozen=True)
class _Cursor:
    """Where a suggestion stands in the list."""

    score: float
    pk: int

    def __str__(self) -> str:
        return encoded(f"{self.score!r} {self.pk}")

    @classmethod
    def parse(cls, text: str) -> "_Cursor":
        try:
            score, pk = decoded(text).split(" ")
            cursor = cls(float(score), int(pk))
        except (ValueError, OverflowError) as error:
            raise InvalidCursorError(_("The cursor is not one of ours.")) from error
        if not (0 <= cursor.score <= 1 and 0 <= cursor.pk < 2**63):
            raise InvalidCursorError(_("The cursor is not one of ours."))
        return cursor


def suggestion_page(
    viewer: Viewer,
    workspace: Workspace,
    first: int = PAGE,
    after: str | None = None,
    *,
    member_id: int | None = None,
) -> Page[OpenSuggestion]:
    """Return FIRST suggestions behind the cursor AFTER, the most certain first.

    Args:
        member_id: only those about this member.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_people(viewer, workspace)
    check_size(first)
    cursor = None if after is None else _Cursor.parse(after)
    behind = {"score": cursor and cursor.score, "behind": cursor and cursor.pk}
    asked: dict[str, Any] = {"workspace": workspace.pk, "member": member_id, **behind}
    rows = fetch_all(_PAGE, {**asked, "limit": first + 1})
    shown = rows[:first]
    suggestions = MergeSuggestion.objects.in_bulk([pk for pk, _, _ in shown])
    members = Member.objects.in_bulk([member for _, *pair in shown for member in pair])
    items = [OpenSuggestion(suggestions[pk], members[a], members[b]) for pk, a, b in shown]
    cursors = [_Cursor(one.suggestion.score, one.pk) for one in items]
    return Page(items, cursors, len(rows) > first)


def suggestion_count(viewer: Viewer, workspace: Workspace) -> int:
    """Count all that `suggestion_page` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    [(number,)] = fetch_all(_COUNT, {"workspace": workspace.pk})
    return int(number)
