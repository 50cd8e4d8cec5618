"""Where people work, as their profiles say today: nobody knows since when."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.members.models import Identity
from dexxy.members.organization_merges import organization_keys
from dexxy.members.organizations import organization_of


def organizations_of(
    workspace_id: int, member_ids: Collection[int] | None = None
) -> Mapping[int, str]:
    """Return the organization of each member who has one.

    Args:
        member_ids: of whom; None for everybody.
    """
    rows = Identity.objects.filter(workspace=workspace_id)
    if member_ids is not None:
        rows = rows.filter(member__in=member_ids)
    profiles = defaultdict(list)
    values = ("member_id", "home_member_id", "home_member__company", "email")
    for member, home, company, email in rows.values_list(*values):
        profiles[member].append((home != member, home, company, email))
    found = {}
    for member, shown in profiles.items():
        shown.sort()
        _, _, companies, emails = zip(*shown, strict=True)
        found[member] = organization_of(companies, emails)
    return {member: name for member, name in found.items() if name}


def organizations_of_nobody(
    viewer: Viewer, workspace: Workspace, names: Sequence[str]
) -> list[str]:
    """Return those of NAMES that no profile names, however it is written.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    if not names:
        return []
    key_of = organization_keys(workspace.pk)
    known = {key_of(name) or name.casefold() for name in organizations_of(workspace.pk).values()}
    return [name for name in names if (key_of(name) or name.casefold()) not in known]


def members_of_organizations(workspace_id: int, names: Sequence[str]) -> list[int]:
    """Return the members of any of the organizations, however their names are written."""
    key_of = organization_keys(workspace_id)
    wanted = {key_of(name) or name.casefold() for name in names}
    found = organizations_of(workspace_id)
    return [m for m, name in found.items() if (key_of(name) or name.casefold()) in wanted]
