"""Say what a colleague has decided about threads since somebody saw them, before that is undone."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.accounts.models import User
from dexxy.common.errors import BadInputError
from dexxy.messages.models import Triage


class DecidedMeanwhileError(BadInputError):
    """A colleague has decided something else about a thread since its reader saw it."""

    code = "decided_meanwhile"


def refuse_held(
    rows: Iterable[Triage],
    actor: User,
    seen_at: datetime | None,
    *,
    until: datetime | None = None,
    is_aside: bool = False,
) -> None:
    """Refuse to hold threads in another way than a colleague has since SEEN_AT, or to let them go.

    Raises:
        DecidedMeanwhileError: one of them is held in another way, or was let go.
    """
    asked = (until, is_aside)
    others = [one for one in rows if (one.snoozed_until, one.is_set_aside) != asked]
    _refuse(
        [
            (one, _held(one))
            for one in others
            if _is_news(one.held_by_id, one.held_at, actor, seen_at)
        ]
    )


def refuse_assigned(
    rows: Iterable[Triage], actor: User, seen_at: datetime | None, *, user_id: int | None
) -> None:
    """Refuse to give threads to somebody else than a colleague has since SEEN_AT.

    Raises:
        DecidedMeanwhileError: one of them was.
    """
    others = [one for one in rows if one.assignee_id != user_id]
    _refuse(
        [
            (one, _assigned(one))
            for one in others
            if _is_news(one.assigned_by_id, one.assigned_at, actor, seen_at)
        ]
    )


def refuse_noted(row: Triage, actor: User, seen_at: datetime | None, *, note: str) -> None:
    """Refuse to write over a note that a colleague has written since SEEN_AT.

    Raises:
        DecidedMeanwhileError: it says something else.
    """
    if row.note != note and _is_news(row.noted_by_id, row.noted_at, actor, seen_at):
        who = _name(row.noted_by)
        _refuse([(row, _("{name} has changed the note meanwhile.").format(name=who))])


def _is_news(by_id: int | None, at: datetime | None, actor: User, seen_at: datetime | None) -> bool:
    is_later = seen_at is not None and at is not None and at > seen_at
    return is_later and by_id != actor.pk


def _held(row: Triage) -> str:
    name = _name(row.held_by)
    if row.is_set_aside:
        return _("{name} has set it aside meanwhile.").format(name=name)
    if row.snoozed_until:
        when = formats.date_format(timezone.localtime(row.snoozed_until), "DATE_FORMAT")
        return _("{name} has snoozed it until {when} meanwhile.").format(name=name, when=when)
    return _("{name} has put it back into its list meanwhile.").format(name=name)


def _assigned(row: Triage) -> str:
    name = _name(row.assigned_by)
    if row.assignee is None:
        return _("{name} has taken it from whoever was assigned meanwhile.").format(name=name)
    return _("{name} has assigned {assignee} meanwhile.").format(
        name=name, assignee=_name(row.assignee)
    )


def _name(user: User | None) -> str:
    return str(user) if user else _("Somebody who is gone")


def _refuse(found: Sequence[tuple[Triage, str]]) -> None:
    if not found:
        return
    (first, what), *others = found
    more = ngettext("So it is with {n} more.", "So it is with {n} more.", len(others))
    said = [f"“{first.thread.title}”:", what, more.format(n=len(others)) if others else ""]
    said.append(_("Nothing was changed: look at it as it is now, and decide."))
    raise DecidedMeanwhileError(" ".join(filter(None, said)))
