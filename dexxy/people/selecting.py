"""What the team does with many people at once: tag them, add them to the team, take them along."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership
from dexxy.members.editing import tags_clean
from dexxy.members.tagging import MOST_AT_ONCE, SelectionError, members_tag
from dexxy.members.who_may_see import MemberNotFoundError, members_by_id
from dexxy.messages.team.deciding import member_set_team
from dexxy.people.bulk_tasks import bulk_task_add
from dexxy.people.directory import Listed, people_ids
from dexxy.people.models import BulkKind, BulkTask

# What one request can do; more than that a worker does.
MOST_SELECTED = 5000


@dataclass(frozen=True)
class Selection:
    """Whom somebody has selected: some, or all of a list.

    Args:
        member_ids: those of some.
        listed: the list of which all are meant; None if some are.
    """

    member_ids: Sequence[int] = ()
    listed: Listed | None = None


def selected_ids(viewer: Viewer, workspace: Workspace, selection: Selection) -> list[int]:
    """Return the primary keys of who is selected, in ascending order.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        SelectionError: nobody is.
        MemberNotFoundError: WORKSPACE has none of those selected.
        MemberFilterError, TooSlowError: as `people_ids`.
    """
    if selection.listed is not None:
        found = people_ids(viewer, workspace, selection.listed)
    else:
        found = [one.pk for one in members_by_id(viewer, workspace, selection.member_ids)]
        if selection.member_ids and not found:
            raise MemberNotFoundError(_("There is no such member."))
    if not found:
        raise SelectionError(_("Select somebody first."))
    return sorted(found)


def people_tag(
    *,
    actor: User,
    workspace: Workspace,
    member_ids: Sequence[int],
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> set[int]:
    """Tag many people, some at a time, as `members_tag` does; done again, it changes nothing more.

    Returns: the ids of those who have other tags now.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, MemberTextError: as `members_tag`.
        SelectionError: nobody is named, no tag is, or there are more than MOST_SELECTED people.
    """
    _check_named(add, remove)
    if not 1 <= len(member_ids) <= MOST_SELECTED:
        raise SelectionError(
            _("Choose 1 to {most} people: filter the list first.").format(
                most=intcomma(MOST_SELECTED)
            )
        )
    starts = range(0, len(member_ids), MOST_AT_ONCE)
    return {
        pk
        for start in starts
        for pk in members_tag(
            actor=actor,
            workspace=workspace,
            member_ids=member_ids[start : start + MOST_AT_ONCE],
            add=add,
            remove=remove,
        )
    }


def people_tag_later(
    *,
    actor: User,
    workspace: Workspace,
    member_ids: Sequence[int],
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> BulkTask:
    """Let a worker tag people, however many, as `people_tag` does.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, MemberTextError: as `people_tag`.
        SelectionError: nobody is named, or no tag is.
        TooManyBulkTasksError: others of ACTOR's are not done yet.
    """
    require_membership(actor, workspace)
    _check_named(add, remove)
    if not member_ids:
        raise SelectionError(_("Select somebody first."))
    return bulk_task_add(
        actor=actor,
        workspace=workspace,
        kind=BulkKind.TAG,
        arguments={"add": tags_clean(add), "remove": tags_clean(remove)},
        steps=len(member_ids),
        member_ids=member_ids,
    )


@transaction.atomic
def people_add_to_team(*, actor: User, workspace: Workspace, member_ids: Collection[int]) -> int:
    """Say of many people that they belong to the team; all of them or none. For administrators.

    Returns: how many there are.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminRequiredError: ACTOR is no administrator.
        SelectionError: nobody is named, or more than MOST_AT_ONCE.
        TeamError: one of them is a bot.
    """
    require_admin(actor, workspace)
    if not 1 <= len(member_ids) <= MOST_AT_ONCE:
        raise SelectionError(_("Choose 1 to {most} people.").format(most=MOST_AT_ONCE))
    for member_id in sorted(member_ids):
        member_set_team(actor=actor, workspace=workspace, member_id=member_id, is_on_team=True)
    return len(member_ids)


def _check_named(*tags: Sequence[str]) -> None:
    if not any(tag.strip() for named in tags for tag in named):
        raise SelectionError(_("Name a tag first."))
