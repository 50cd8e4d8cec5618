"""What people decide about threads that wait: snooze, set aside, assign. GitHub is not told."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.common.times import check_times
from dexxy.messages.models import Thread, Triage
from dexxy.messages.selectors import ThreadNotFoundError
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.meanwhile import refuse_assigned, refuse_held, refuse_noted
from dexxy.messages.waiting.standings import standings_recompute

MOST_AT_ONCE = 500
LONGEST_NOTE = 2000


class TriageError(BadInputError):
    """That cannot be decided about a thread."""


class ColleagueGoneError(TriageError):
    """Who is to answer is not in the workspace, or not any more."""


@transaction.atomic
def threads_snooze(
    *,
    actor: User,
    workspace: Workspace,
    thread_ids: Sequence[int],
    until: datetime | None,
    seen_at: datetime | None = None,
) -> None:
    """Hide threads from the queue until a time, or until their openers say more.

    Args:
        until: None wakes them.
        seen_at: when the page was made on which ACTOR saw them; None if that was just now.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        ThreadNotFoundError: WORKSPACE does not show one of them.
        TriageError, FarTimeError: UNTIL is over or too far away, or there are too many threads.
        DecidedMeanwhileError: a colleague has held one of them since SEEN_AT, or let it go.
    """
    if until is not None and until <= timezone.now():
        raise TriageError(_("Choose a time in the future."))
    check_times(until)
    rows = list(triage_locked(actor, workspace, thread_ids))
    refuse_held(rows, actor, seen_at, until=until)
    detail = until.isoformat() if until else None
    for triage in rows:
        _hold(triage, actor, seen_at, snoozed_until=until)
        audit(workspace, actor, "thread.snoozed", triage.thread, until=detail)
    recompute(workspace, thread_ids)


@transaction.atomic
def threads_set_aside(
    *,
    actor: User,
    workspace: Workspace,
    thread_ids: Sequence[int],
    is_aside: bool,
    seen_at: datetime | None = None,
) -> None:
    """Say that threads need no answer, or that they do. The opener's next turn undoes it.

    Args:
        seen_at: as of `threads_snooze`.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        ThreadNotFoundError: WORKSPACE does not show one of them.
        TriageError: there are too many threads.
        DecidedMeanwhileError: a colleague has held one of them since SEEN_AT, or let it go.
    """
    action = "thread.set_aside" if is_aside else "thread.taken_back"
    rows = list(triage_locked(actor, workspace, thread_ids))
    refuse_held(rows, actor, seen_at, is_aside=is_aside)
    for triage in rows:
        _hold(triage, actor, seen_at, is_set_aside=is_aside)
        audit(workspace, actor, action, triage.thread)
    recompute(workspace, thread_ids)


@transaction.atomic
def threads_assign(
    *,
    actor: User,
    workspace: Workspace,
    thread_ids: Sequence[int],
    user_id: int | None,
    seen_at: datetime | None = None,
) -> None:
    """Give threads to a colleague, or to nobody.

    Args:
        seen_at: as of `threads_snooze`.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        ThreadNotFoundError: WORKSPACE does not show one of them.
        ColleagueGoneError: who is to answer is not in WORKSPACE.
        TriageError: there are too many threads.
        DecidedMeanwhileError: a colleague has given one of them to somebody else since SEEN_AT.
    """
    rows = list(triage_locked(actor, workspace, thread_ids))
    members = workspace.memberships.filter(user=user_id)
    if user_id is not None and not members.exists():
        raise ColleagueGoneError(_("They are not in this workspace any more."))
    refuse_assigned(rows, actor, seen_at, user_id=user_id)
    for triage in rows:
        triage.assignee_id = user_id
        triage.assigned_by, triage.assigned_at = actor, timezone.now()
        triage.save()
        audit(workspace, actor, "thread.assigned", triage.thread, to=user_id)


@transaction.atomic
def thread_note(
    *,
    actor: User,
    workspace: Workspace,
    thread_id: int,
    note: str,
    seen_at: datetime | None = None,
) -> Triage:
    """Keep a note about a thread for colleagues; '' takes it away.

    Args:
        seen_at: as of `threads_snooze`.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        ThreadNotFoundError: WORKSPACE does not show it.
        TriageError: the note is too long, or cannot be stored.
        DecidedMeanwhileError: a colleague has written another one since SEEN_AT.
    """
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise TriageError(
            _("A note has up to {most} characters of plain text.").format(most=LONGEST_NOTE)
        )
    [triage] = triage_locked(actor, workspace, [thread_id])
    refuse_noted(triage, actor, seen_at, note=note.strip())
    triage.note = note.strip()
    triage.noted_by, triage.noted_at = actor, timezone.now()
    triage.save()
    audit(workspace, actor, "thread.noted", triage.thread)
    return triage


def triage_locked(actor: User, workspace: Workspace, thread_ids: Sequence[int]) -> QuerySet[Triage]:
    """Return a row for each thread, locked, inside the caller's transaction.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        ThreadNotFoundError: WORKSPACE does not show one of them.
        TriageError: there are none, or too many.
    """
    require_membership(actor, workspace)
    wanted = set(thread_ids)
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise TriageError(_("Choose 1 to {most} threads.").format(most=MOST_AT_ONCE))
    found = Thread.objects.shown().filter(workspace=workspace, pk__in=wanted)
    if found.count() < len(wanted):
        raise ThreadNotFoundError(_("There is no such thread."))
    Triage.objects.bulk_create(
        (Triage(thread_id=pk, workspace=workspace) for pk in sorted(wanted)), ignore_conflicts=True
    )
    rows = Triage.objects.filter(pk__in=wanted).order_by("pk").select_related("thread")
    return rows.select_for_update(of=("self",))


def _hold(
    triage: Triage,
    actor: User,
    seen_at: datetime | None,
    *,
    snoozed_until: datetime | None = None,
    is_set_aside: bool = False,
) -> None:
    """Hold a thread from now on in one way, or let it go."""
    newest = triage.thread.last_activity_at
    triage.snoozed_until, triage.is_set_aside = snoozed_until, is_set_aside
    triage.held_at, triage.held_by = timezone.now(), actor
    triage.seen_at = min(newest, seen_at or newest) if triage.is_held else None
    triage.save()


def recompute(workspace: Workspace, thread_ids: Sequence[int]) -> None:
    """Tell anew who waits in threads about which something was decided."""
    standings_recompute(workspace.pk, thread_ids, team_of(workspace.pk))
