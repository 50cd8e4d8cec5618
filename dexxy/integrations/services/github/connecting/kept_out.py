"""Organizations that keep Dexxy out, whatever its token or its App may read.

They want the token authorized by a single sign-on (SAML), or let only some addresses in. What they
keep from us rests as what is lost does, and goes on by itself once they let Dexxy in.
"""

from dataclasses import dataclass

from django.db.models import F, OuterRef, QuerySet, Subquery

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.integrations.models import GitHubRepository, SyncRun, SyncStatus
from dexxy.integrations.services.github.api.errors import (
    AddressNotListedError,
    SingleSignOnRequiredError,
)

# The codes with which a run ends that is kept out.
KEPT_OUT = frozenset({SingleSignOnRequiredError.code, AddressNotListedError.code})


@dataclass(frozen=True)
class KeptOut:
    """An organization that keeps Dexxy out, for one reason.

    Args:
        run: the newest that was told so.
        repositories: how many rest for that.
    """

    run: SyncRun
    repositories: int


def why_kept_out(repository: GitHubRepository, run: SyncRun | None) -> str:
    """Return the code in KEPT_OUT for which REPOSITORY rests, or ''.

    Args:
        run: its newest. What is shown of the repository may be newer than that.
    """
    is_lost = repository.sync_status == SyncStatus.DISABLED
    if run is None or not is_lost or run.error != repository.sync_error:
        return ""
    return run.error_code if run.error_code in KEPT_OUT else ""


def runs_kept_out(repositories: QuerySet[GitHubRepository]) -> QuerySet[SyncRun]:
    """Return of each of REPOSITORIES that rests for a code in KEPT_OUT the run that was told so."""
    newest = SyncRun.objects.filter(repository=OuterRef("repository")).order_by("-pk")
    return SyncRun.objects.filter(
        repository__in=repositories.filter(sync_status=SyncStatus.DISABLED),
        error_code__in=KEPT_OUT,
        error=F("repository__sync_error"),
        pk=Subquery(newest.values("pk")[:1]),
    )


def kept_out(viewer: Viewer, workspace: Workspace) -> list[KeptOut]:
    """Return the organizations that keep out what WORKSPACE reads with, by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    followed = GitHubRepository.objects.followed().of_workspace(workspace)
    told: dict[tuple[str, str], list[SyncRun]] = {}
    for run in runs_kept_out(followed).select_related("repository__installation").order_by("pk"):
        organization = run.repository.full_name.partition("/")[0]
        told.setdefault((organization, run.error_code), []).append(run)
    return [KeptOut(runs[-1], len(runs)) for _, runs in sorted(told.items())]
