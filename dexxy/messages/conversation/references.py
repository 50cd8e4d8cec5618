"""Look up what messages refer to: threads by their numbers, people by their logins."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.members.models import LOGIN, Identity
from dexxy.messages.models import Thread, ThreadKind
from dexxy.sources.models import Source

# Of one page, each; what is named beyond that is not looked up.
MOST_LOOKED_UP = 300
_LARGEST = 2**63


@dataclass(frozen=True)
class Found:
    """What of that a workspace has.

    Args:
        threads: the id of a thread, by the name of its repository in small letters, and its number.
        members: the id of a member, by a login in small letters.
    """

    threads: Mapping[tuple[str, int], int] = field(default_factory=dict)
    members: Mapping[str, int] = field(default_factory=dict)


def references_find(
    viewer: Viewer,
    workspace: Workspace,
    source: Source,
    threads: Collection[tuple[str, int]],
    logins: Collection[str],
) -> Found:
    """Look up threads and logins that messages of SOURCE name, all on its server.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    numbered = [one for one in sorted(set(threads)) if one[1] < _LARGEST][:MOST_LOOKED_UP]
    named = sorted(set(logins))[:MOST_LOOKED_UP]
    return Found(_threads(workspace, source, numbered), _members(workspace, source, named))


def _threads(
    workspace: Workspace, source: Source, wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], int]:
    if not wanted:
        return {}
    there = workspace.sources.shown().filter(server=source.server)
    names = {pk: name.lower() for pk, name in there.values_list("pk", "name")}
    asked = {of for of, _ in wanted}
    # By their key, which begins with the source and the kind.
    found = (
        Thread.objects.live()
        .filter(
            workspace=workspace,
            source__in=[pk for pk, name in names.items() if name in asked],
            kind__in=ThreadKind.values,
            number__in=[number for _, number in wanted],
        )
        .values_list("source", "number", "pk")
    )
    by_number = {(names[of], number): pk for of, number, pk in found}
    return {one: by_number[one] for one in wanted if one in by_number}


def _members(workspace: Workspace, source: Source, logins: Collection[str]) -> dict[str, int]:
    if not logins:
        return {}
    accounts = Identity.objects.annotate(login=LOGIN).filter(
        workspace=workspace, provider=source.server, login__in=logins, member__erased_at=None
    )
    return dict(accounts.values_list("login", "member"))
