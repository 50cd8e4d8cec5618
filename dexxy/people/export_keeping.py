"""Exports that people ask for: who may have them, how many, and for how long."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership, signed_in
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.queue import worker_wake
from dexxy.members.who_may_see import member_now, require_people
from dexxy.people.export_selection import EVERYTHING, Selection
from dexxy.people.models import Export, ExportFile, ExportState, Format

KEPT_FOR = timedelta(days=1)
# A program that asks again within this time gets the export that there is.
FRESH_FOR = timedelta(minutes=10)
# Of a person, in all workspaces: exports in the making, and those that are kept.
MOST_AT_ONCE = 3
MOST_KEPT = 10
QUEUE = "exports"
JOB = "dexxy.people.tasks.make_exports"


class ExportNotFoundError(NotFoundError):
    """There is no such export, or not any more, or not for this viewer."""


class TooManyExportsError(DexxyError):
    """A person has as many exports in the making as a person may."""

    code = "rate_limited"
    retryable = True


class ExportFailedError(DexxyError):
    """An export could not be made."""

    code = "export_failed"


def export_files(viewer: Viewer, workspace: Workspace) -> list[ExportFile]:
    """Return the exports of WORKSPACE that VIEWER asked for, the newest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    mine = workspace.export_files.filter(requested_by=signed_in(viewer))
    return list(mine.kept().newest_first())


def export_file_for(viewer: Viewer, workspace: Workspace, pk: int) -> ExportFile:
    """Return one export of WORKSPACE that VIEWER asked for.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        ExportNotFoundError: it is not kept any more, is somebody else's, or never was.
        AdminOnlyError: it is for administrators, and VIEWER is none any more.
    """
    found = next((one for one in export_files(viewer, workspace) if one.pk == pk), None)
    if found is None:
        raise ExportNotFoundError(_("There is no such export, or not any more: ask for a new one."))
    if Export(found.what).is_for_admins:
        require_admin(viewer, workspace)
    return found


def export_latest(
    viewer: Viewer,
    workspace: Workspace,
    what: Export,
    form: Format,
    *,
    with_bom: bool = False,
    selection: Selection = EVERYTHING,
) -> ExportFile | None:
    """Return the newest export of its kind that VIEWER asked for; None if none is kept.

    Args:
        selection: which rows it has.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: it is for administrators, and VIEWER is none.
        MemberNotFoundError: there is no such person.
    """
    _require(viewer, workspace, what, selection)
    wanted = what, form, with_bom, selection.written()
    for one in export_files(viewer, workspace):
        if (one.what, one.form, one.with_bom, one.selection) == wanted:
            return one
    return None


def export_is_fresh(export: ExportFile) -> bool:
    """Say whether EXPORT serves whoever asks for one now."""
    if export.is_ready:
        return export.created_at > timezone.now() - FRESH_FOR
    return export.is_unfinished


@transaction.atomic
def export_request(
    *,
    viewer: Viewer,
    workspace: Workspace,
    what: Export,
    form: Format,
    with_bom: bool = False,
    selection: Selection = EVERYTHING,
) -> ExportFile:
    """Ask for an export; one of the same kind that is being made is that export.

    Args:
        selection: which rows it has.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError, MemberNotFoundError: as
            `export_latest`.
        TooManyExportsError: others of VIEWER's are still being made.
    """
    user = User.objects.select_for_update().get(pk=signed_in(viewer).pk)
    asked: dict[str, Any] = {"what": what, "form": form, "with_bom": with_bom}
    latest = export_latest(viewer, workspace, **asked, selection=selection)
    if latest is not None and latest.is_unfinished:
        return latest
    _make_room(user)
    export = ExportFile.objects.create(
        **asked,
        workspace=workspace,
        requested_by=user,
        selection=selection.written(),
        expires_at=timezone.now() + KEPT_FOR,
    )
    person = {} if selection.person is None else {"member_id": selection.person}
    audit(workspace, user, "export.requested", export, what=what, form=form, **person)
    transaction.on_commit(exports_wake)
    return export


@transaction.atomic
def export_delete(*, viewer: Viewer, workspace: Workspace, pk: int) -> ExportFile:
    """End one export of WORKSPACE that VIEWER asked for: a worker deletes it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, ExportNotFoundError: as `export_file_for`.
    """
    export = export_file_for(viewer, workspace, pk)
    _expire(export)
    audit(workspace, signed_in(viewer), "export.deleted", export, what=export.what)
    transaction.on_commit(exports_wake)
    return export


def exports_wake() -> bool:
    """Wake a worker for what is to be made or deleted. If the queue is down, that is logged."""
    return worker_wake(QUEUE, JOB)


def exports_expire(workspace_id: int) -> int:
    """End all exports of a workspace, inside the caller's transaction: somebody was erased.

    Returns: how many there were.
    """
    found = ExportFile.objects.kept().filter(workspace=workspace_id).order_by("pk")
    kept = list(found.select_for_update())
    for one in kept:
        _expire(one)
    if kept:
        transaction.on_commit(exports_wake)
    return len(kept)


def _require(viewer: Viewer, workspace: Workspace, what: Export, selection: Selection) -> None:
    require_membership(viewer, workspace)
    if what == Export.MEMBERS:
        require_people(viewer, workspace)
    if what.is_for_admins:
        require_admin(viewer, workspace)
    if what == Export.PERSON:
        member_now(viewer, workspace, selection.person or 0)


def _make_room(user: User) -> None:
    kept = list(ExportFile.objects.kept().filter(requested_by=user).newest_first())
    if sum(one.is_unfinished for one in kept) >= MOST_AT_ONCE:
        raise TooManyExportsError(
            _("{most_at_once} of your exports are still being made: wait for one of them.").format(
                most_at_once=MOST_AT_ONCE
            )
        )
    for one in kept[MOST_KEPT - 1 :]:
        _expire(one)


def _expire(export: ExportFile) -> None:
    # Whoever makes it finds that it is not theirs any more.
    export.expires_at, export.holder = timezone.now(), ""
    if export.is_unfinished:
        export.state = ExportState.FAILED
    export.save(update_fields=["expires_at", "holder", "state", "updated_at"])
