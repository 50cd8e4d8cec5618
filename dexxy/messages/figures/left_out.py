"""What bots said and opened in a window: the figures about people and threads leave it out."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Mapping
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.acts import IN_WINDOW, MESSAGES
from dexxy.messages.figures.scope import (
    EVERYTHING,
    THREADS,
    WHO,
    FigureFilters,
    Window,
    scope_of,
)
from dexxy.messages.figures.small_numbers import Figure
from dexxy.messages.models import ThreadKind

_MESSAGES = f"""
{WHO}
SELECT count(*), count(DISTINCT author.member_id) FROM {MESSAGES} AND {IN_WINDOW} AND author.is_bot
"""
_THREADS = f"""
{WHO}
SELECT t.kind, count(*) FROM {THREADS} AND opener.is_bot
 AND t.opened_at >= %(since)s AND t.opened_at < %(until)s AND t.opened_at <= %(now)s
GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class LeftOutMessages(Figure):
    """What people's figures leave out.

    Args:
        messages: what bots said and did.
        bots: how many of them there were.
    """

    messages: int
    bots: int


def messages_left_out(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> LeftOutMessages:
    """Return what the figures about people, and `volume`, leave out of a window.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    [(messages, bots)] = scope_of(viewer, workspace, window, filters).fetch(_MESSAGES)
    return LeftOutMessages(messages=messages, bots=bots)


def threads_left_out(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Mapping[ThreadKind, int]:
    """Return how many threads bots opened in a window: what is opened and closed leaves them out.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    found = dict(scope.fetch(_THREADS, kinds=[str(kind) for kind in scope.kinds_of(*ThreadKind)]))
    return {kind: found.get(kind, 0) for kind in ThreadKind}
