"""What people decide about the team, and who belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.members.models import Member
from dexxy.members.visibility import member_for
from dexxy.messages.models import Message, MessageKind, TeamDecision
from dexxy.messages.team.roster import team_of
from dexxy.messages.team.stints import Stint
from dexxy.messages.waiting.follower import recount_begin

MOST_EVIDENCE = 3


class TeamError(BadInputError):
    """That cannot be decided about the team."""


@dataclass(frozen=True)
class Teammate:
    """Somebody who belongs to the team, or did.

    Args:
        stints: when, the oldest first.
        is_decided: a person said so; otherwise their acts do.
        evidence: the newest of those acts.
    """

    member: Member
    stints: Sequence[Stint]
    is_decided: bool
    evidence: Sequence[Message]


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
    """
    require_admin(actor, workspace)
    member = member_for(actor, workspace, member_id)
    if is_on_team and member.is_bot:
        raise TeamError("A bot does not belong to the team.")
    if since is not None and until is not None and until <= since:
        raise TeamError("The end has to be after the beginning.")
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


def team_list(viewer: Viewer, workspace: Workspace) -> list[Teammate]:
    """Return everybody who belongs to the team or did, by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    team = team_of(workspace.pk)
    decided = set(
        TeamDecision.objects.filter(workspace=workspace, is_on_team=True).values_list(
            "member__home_identity__member", flat=True
        )
    )
    members = Member.objects.filter(pk__in=list(team)).order_by("display_name", "pk")
    return [
        Teammate(member, team[member.pk], member.pk in decided, _evidence(workspace, member))
        for member in members
    ]


def _evidence(workspace: Workspace, member: Member) -> list[Message]:
    acts = Message.objects.in_feed().filter(
        workspace=workspace,
        author__member=member,
        kind__in=MessageKind.state_changes(),
        thread__is_archived=False,
    )
    others = acts.exclude(thread__author__member=F("author__member"))
    return others.order_by("-occurred_at", "-pk")[:MOST_EVIDENCE].for_display()
