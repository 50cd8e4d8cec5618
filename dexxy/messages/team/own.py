"""Who signs in here says which member they are, and so belongs to the team."""

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership, signed_in
from dexxy.accounts.services import audit
from dexxy.members.models import Member
from dexxy.members.who_may_see import member_for
from dexxy.messages.models import OwnMember
from dexxy.messages.team.deciding import TeamError
from dexxy.messages.team.recounting import recount_begin


def own_member(viewer: Viewer, workspace: Workspace) -> Member | None:
    """Return which member VIEWER says that they are; None where they have not said it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    rows = OwnMember.objects.filter(workspace=workspace, user=signed_in(viewer))
    return Member.objects.filter(identities__home_member__in=rows.values("member")).first()


def own_members(viewer: Viewer, workspace: Workspace) -> dict[int, Member]:
    """Return which members the users of WORKSPACE say that they are, by the ids of the users.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    own = OwnMember.objects.filter(workspace=workspace, user__memberships__workspace=workspace)
    rows = own.select_related("member__home_identity__member")
    return {row.user_id: row.member.home_identity.member for row in rows if row.user_id}


@transaction.atomic
def own_member_set(*, actor: Viewer, workspace: Workspace, member_id: int | None) -> Member | None:
    """Say which member ACTOR is, or that they are none of them.

    Args:
        member_id: None takes back what was said.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR may not see WORKSPACE.
        MemberNotFoundError: it is not a member of WORKSPACE.
        TeamError: it is a bot, or somebody else says that they are this member.
    """
    require_membership(actor, workspace)
    user = signed_in(actor)
    rows = OwnMember.objects.filter(workspace=workspace, user=user)
    if member_id is None:
        for row in rows.select_related("member"):
            audit(workspace, user, "member.disowned", row.member)
            row.delete()
            recount_begin(workspace.pk)
        return None
    member = member_for(actor, workspace, member_id)
    if member.is_bot:
        raise TeamError(_("A bot does not belong to the team."))
    homes = Member.objects.filter(home_identity__member=member)
    others = OwnMember.objects.filter(workspace=workspace, member__in=homes).exclude(user=user)
    if others.exists():
        raise TeamError(_("Somebody else of this workspace says that they are this person."))
    OwnMember.objects.update_or_create(workspace=workspace, user=user, defaults={"member": member})
    audit(workspace, user, "member.owned", member)
    recount_begin(workspace.pk)
    return member
