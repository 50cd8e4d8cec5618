"""Rows as parts of answers: what is told of a thread, a message, a person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dexxy.mcp import answers
from dexxy.mcp.tool import Call
from dexxy.members.models import Identity
from dexxy.messages import models
from dexxy.messages.answers import is_said
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.messages.thread_table import waits_of

_MOST_LABELS = 20
_LONGEST_NAME = 200


def cut(text: str, longest: int) -> str:
    """Return the beginning of TEXT, LONGEST characters at most."""
    return text[:longest]


def person(call: Call, account: Identity | None) -> answers.Person | None:
    """Tell who wrote something."""
    if account is None:
        return None
    name = account.member.display_name
    return answers.Person(
        login=call.marks.bare(account.username[:_LONGEST_NAME]),
        name="" if name == account.username else call.marks.around(name[:_LONGEST_NAME]),
        member_id=str(account.member_id),
        is_bot=account.member.is_bot,
        is_team=account.member_id in call.team,
    )


def threads(call: Call, rows: Sequence[models.Thread]) -> list[answers.Thread]:
    """Tell of threads, each with whether somebody waits in it."""
    waits = waits_of([row.pk for row in rows])
    return [thread(call, row, waits) for row in rows]


def thread(call: Call, row: models.Thread, waits: Mapping[int, datetime]) -> answers.Thread:
    """Tell of a thread.

    Args:
        waits: since when somebody waits, by the id of a thread.
    """
    return answers.Thread(
        thread_id=str(row.pk),
        repository=row.source.name,
        number=row.platform_number,
        kind=ThreadKind(row.kind),
        title=call.marks.around(row.title),
        state=ThreadState(row.state),
        labels=[sorted_as(call, row, label) for label in row.labels[:_MOST_LABELS]],
        author=person(call, row.author),
        opened_at=row.opened_at,
        last_activity_at=row.last_activity_at,
        message_count=row.message_count,
        waiting_since=waits.get(row.pk),
        url=call.marks.bare(row.url),
        page=call.page(f"threads/{row.pk}/"),
    )


def sorted_as(call: Call, row: models.Thread, name: str) -> str:
    """Tell a label or a category: in what a script feeds, anybody may have chosen it."""
    return call.marks.bare(name) if name and row.source.is_fed else name


def message(call: Call, row: models.Message, longest: int) -> answers.Message:
    """Tell what somebody said or did, up to LONGEST characters of it."""
    return answers.Message(**_message(call, row, longest))


def found_message(call: Call, row: models.Message, longest: int) -> answers.FoundMessage:
    """Tell the same, with the thread that it is in."""
    return answers.FoundMessage(
        **_message(call, row, longest),
        thread_id=str(row.thread_id),
        repository=row.source.name,
        number=row.thread.platform_number,
        title=call.marks.around(row.thread.title),
    )


def _message(call: Call, row: models.Message, longest: int) -> dict[str, Any]:
    hidden = "" if is_said(row.details) else str(row.details.get("minimized", ""))
    text = "" if hidden else row.body
    path, line = row.details.get("path"), row.details.get("line")
    return {
        "message_id": str(row.pk),
        "kind": MessageKind(row.kind),
        "author": person(call, row.author),
        "written_at": row.occurred_at,
        "edited_at": row.edited_at,
        "text": call.marks.around(cut(text, longest)),
        "is_cut": len(text) > longest,
        "hidden_as": hidden,
        "review": str(row.details.get("state", "")) if row.kind == MessageKind.REVIEW else "",
        "file": call.marks.bare(f"{path}:{line}" if path and line else str(path or "")),
        "url": call.marks.bare(row.url),
    }
