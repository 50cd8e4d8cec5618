"""What people decide about the team."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.common.times import check_times
from dexxy.members.models import Member
from dexxy.members.who_may_see import member_for
from dexxy.messages.models import TeamDecision
from dexxy.messages.team.recounting import recount_begin


class TeamError(BadInputError):
    """That cannot be decided about the team."""


@transaction.atomic
def member_set_team(
    *,
    actor: User,
    workspace: Workspace,
    member_id: int,
    is_on_team: bool | None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Member:
    """Say whether a member belongs to the team, and when. For administrators.

    Args:
        is_on_team: None takes back what was said, so that their acts decide.
        since: None for all that they ever said.
        until: when they left; None if they did not.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminRequiredError: ACTOR is no administrator.
        MemberNotFoundError: it is not a member of WORKSPACE.
        TeamError: it is a bot, or the end is not after the beginning.
        FarTimeError: one of the times is too far away.
    """
    require_admin(actor, workspace)
    member = member_for(actor, workspace, member_id)
    if is_on_team and member.is_bot:
        raise TeamError(_("A bot does not belong to the team."))
    _check_stint(since, until)
    if is_on_team is None:
        homes = Member.objects.filter(home_identity__member=member)
        TeamDecision.objects.filter(workspace=workspace, member__in=homes).delete()
    else:
        TeamDecision.objects.update_or_create(
            workspace=workspace,
            member=member,
            defaults={"is_on_team": is_on_team, "since": since, "until": until, "actor": actor},
        )
    audit(workspace, actor, "member.team_decided", member, is_on_team=is_on_team)
    recount_begin(workspace.pk)
    return member


def _check_stint(since: datetime | None, until: datetime | None) -> None:
    check_times(since, until)
    if since is not None and until is not None and until <= since:
        raise TeamError(_("The end has to be after the beginning."))
