"""Call a tool: as whom, in what time, for how much, and what is answered where that fails."""

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone, translation
from pydantic import ValidationError

from dexxy.accounts.api_tokens import InvalidTokenError, api_token_user
from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import first_workspace
from dexxy.accounts.views import caller_for
from dexxy.common.api import points_count, require_left, timed
from dexxy.common.errors import DexxyError
from dexxy.common.sql import deadline
from dexxy.mcp.catalogue import TOOLS
from dexxy.mcp.tool import Call, Taken, Tool, WrongCallError, written

log = structlog.get_logger()

Result = TypeVar("Result")

# Of one call, in the database: as of a query of the GraphQL API.
LONGEST_CALL_SECONDS = 20.0
# Calls that are worked on at once; others wait for their turn.
THREADS = 4
# What is wrong with the arguments of one call, as far as it is told.
_MOST_PROBLEMS = 5


class Asking:
    """Threads that ask the database for calls, each with a connection of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mcp")

    async def do(self, act: Callable[[], Result]) -> Result:
        """Return what ACT returns in one of the threads."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(context.run, _fresh, act))


def _fresh(act: Callable[[], Result]) -> Result:
    """Run ACT with a connection that works, as a request of Django's does."""
    close_old_connections()
    try:
        return act()
    finally:
        close_old_connections()


def token_viewer(secret: str) -> User:
    """Return whom an API token stands for.

    Raises:
        InvalidTokenError: it opens nothing, or not any more.
    """
    viewer = api_token_user(secret)
    _workspace_of(viewer)
    return viewer


def _workspace_of(viewer: User) -> Workspace:
    workspace = first_workspace(viewer)
    if workspace is None:
        raise InvalidTokenError("The token opens no workspace: its owner is in it no more.")
    return workspace


def tool_call(viewer: User, name: str, arguments: Mapping[str, Any], base_url: str) -> Any:
    """Call a tool, and return its answer as JSON.

    Args:
        viewer: as `token_viewer` returned it.
        base_url: where Dexxy is, without a slash at its end.

    Raises:
        DexxyError: what is wrong, in words for the model that called.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise WrongCallError(f"There is no tool {name[:50]}. There are: {', '.join(TOOLS)}.")
    taken = _taken(tool, arguments)
    caller = caller_for(viewer)
    require_left(points_count(caller, tool.points_for(taken)))
    workspace = _workspace_of(viewer)
    zone = ZoneInfo(viewer.time_zone or workspace.time_zone)
    with (
        timed(caller),
        deadline(LONGEST_CALL_SECONDS),
        timezone.override(zone),
        translation.override("en"),
    ):
        return written(tool.run(Call(viewer, workspace, base_url), taken))


def _taken(tool: Tool[Taken, Any], arguments: Mapping[str, Any]) -> Taken:
    _check_texts(arguments)
    try:
        return tool.takes.model_validate(dict(arguments))
    except ValidationError as error:
        told = error.errors()[:_MOST_PROBLEMS]
        wrong = [_problem(tool, one["loc"], one["msg"]) for one in told]
        raise WrongCallError(" ".join(wrong)) from error


def _problem(tool: Tool[Any, Any], path: tuple[int | str, ...], message: str) -> str:
    name = ".".join(map(str, path))
    if path and path[0] not in tool.takes.model_fields:
        known = ", ".join(tool.takes.model_fields) or "none"
        return f"{tool.name} takes no `{name[:50]}`. Its arguments: {known}."
    return f"`{name}`: {message}."


def _check_texts(value: Any) -> None:
    """Refuse what PostgreSQL cannot take, whichever argument it is in."""
    found = [value]
    while found:
        one = found.pop()
        if isinstance(one, str) and ("\0" in one or any("\ud800" <= c <= "\udfff" for c in one)):
            raise WrongCallError("A text holds a null byte or half a character.")
        if isinstance(one, Mapping):
            found += [*one, *one.values()]
        elif isinstance(one, list):
            found += one


def sentence_of(error: Exception) -> str:
    """Return what the model is told of a call that failed; our own faults are logged."""
    if isinstance(error, DexxyError):
        return str(error)
    if isinstance(error, DatabaseError | InterfaceError):
        log.error("the database failed a tool", exc_info=error)
        return "The database cannot be asked right now: try again in a minute."
    log.error("a tool failed", exc_info=error)
    return "Something went wrong here. It has been logged."
