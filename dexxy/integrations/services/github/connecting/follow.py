"""Follow a repository: one service, whichever way somebody came to it."""

from django.db import transaction

from dexxy.accounts.models import User
from dexxy.accounts.services import audit
from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.access.repository_state import (
    repositories_locked,
    repository_followed,
)
from dexxy.sources.models import Source, SourceKind


@transaction.atomic
def repository_follow(
    installation: GitHubInstallation,
    *,
    actor: User | None,
    github_id: int,
    full_name: str,
    url: str,
) -> GitHubRepository:
    """Follow a repository in the workspace of INSTALLATION; what is stored of it is kept.

    It becomes due unless it is followed and read already: asking twice is no mistake, and no second
    entry in the audit log.

    Args:
        installation: a live one, locked or just written in the caller's transaction.
        actor: who wants it; None for a command, which nobody is signed in to.
        github_id: GitHub's number of it.
        full_name: `owner/repo`.
        url: of its page.
    """
    workspace = installation.workspace
    assert workspace is not None, "nobody follows anything with an installation of no workspace"
    # The lock of a repository comes before that of its source.
    of_workspace = GitHubRepository.objects.of_workspace(workspace)
    repositories_locked(
        of_workspace.filter(source__server=installation.server, github_id=github_id)
    )
    source, _ = Source.objects.update_or_create(
        workspace=workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server=installation.server,
        external_id=str(github_id),
        defaults={"name": full_name, "url": url, "is_archived": False},
    )
    repository, is_changed = repository_followed(
        installation, source, github_id=github_id, full_name=full_name
    )
    if is_changed:
        audit(workspace, actor, "github_repository.connected", repository, name=full_name)
    return repository
