"""What a person does with repositories: connect, disconnect, pause, resume, sync now.

What becomes of a repository of each status is the table at the head of `access/repository_state`.
Besides:

    to pause    what is disabled is refused: nothing of it is read
    to sync     what is paused is refused, and all of an account that GitHub does not let us read.
                What the App lost is due when the App's list has it again: that list is read at once
    to resume   what the App lost while it was paused: the same

To connect, pause or resume twice is no mistake: it changes nothing and writes no second entry in
the audit log. Which repositories a workspace has is for its admins to say, all else for members.
"""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import (
    Viewer,
    memberships_of,
    require_admin,
    require_membership,
    signed_in,
)
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.integrations.models import GitHubInstallation, GitHubRepository, SyncStatus
from dexxy.integrations.services.github.access.repository_state import (
    Repositories,
    repositories_archive,
    repositories_locked,
    repositories_pause,
    repositories_resume,
    sync_asked_for,
)
from dexxy.integrations.services.github.access.tokens import NotConnectedError, installation_require
from dexxy.integrations.services.github.connecting.available import (
    AvailableRepository,
    available_among,
)
from dexxy.integrations.services.github.connecting.follow import repository_follow
from dexxy.integrations.services.github.scheduling.reconcile import reconcile_ask
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due


class RepositoryNotFoundError(NotFoundError):
    """There is no such repository, or not for this viewer."""


class RepositoryPausedError(DexxyError):
    """It is paused, so nothing of it is read."""

    code = "repository_paused"


class RepositoryDisabledError(DexxyError):
    """Access to it was lost, so there is nothing to pause."""

    code = "repository_disabled"


def repository_connect_available(
    *, viewer: Viewer, workspace: Workspace, github_id: int
) -> GitHubRepository:
    """Follow one repository, as `repositories_connect_available` does.

    Raises:
        DexxyError: as that.
    """
    return repositories_connect_available(
        viewer=viewer, workspace=workspace, github_ids=[github_id]
    )[0]


def repositories_connect_available(
    *, viewer: Viewer, workspace: Workspace, github_ids: Collection[int]
) -> list[GitHubRepository]:
    """Follow repositories that the workspace's connection reaches: all of them, or none.

    What was read of one before is kept.

    Args:
        github_ids: GitHub's numbers of them.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
        NotConnectedError: GitHub is not connected.
        RepositoryNotAvailableError: the connection does not reach one of them.
        GitHubError: GitHub could not be asked.
    """
    available = available_among(viewer=viewer, workspace=workspace, github_ids=github_ids)
    actor = signed_in(viewer)
    with transaction.atomic():
        followed = [
            repository_follow(
                _still_connected(workspace, one),
                actor=actor,
                github_id=one.github_id,
                full_name=one.full_name,
                url=one.url,
            )
            for one in sorted(available, key=lambda one: one.github_id)
        ]
    enqueue_due()
    return followed


def _still_connected(workspace: Workspace, available: AvailableRepository) -> GitHubInstallation:
    """Return the connection that reaches a repository, locked.

    Raises:
        NotConnectedError: it was disconnected or replaced while GitHub was asked.
    """
    live = GitHubInstallation.objects.live().select_for_update(of=("self",))
    found = live.select_related("workspace").filter(
        pk=available.installation_pk, workspace=workspace
    )
    installation = found.first()
    if installation is None:
        raise NotConnectedError(_("GitHub was disconnected meanwhile. Connect it again."))
    return installation


@transaction.atomic
def repository_disconnect(*, viewer: Viewer, repository_id: int) -> GitHubRepository:
    """Stop following a repository; what was read of it stays. For admins.

    Raises:
        UnauthenticatedError, RepositoryNotFoundError: VIEWER may not see it.
        AdminOnlyError: VIEWER is a member there.
    """
    repository = _repository(viewer, repository_id)
    require_admin(viewer, repository.source.workspace)
    repositories_archive(GitHubRepository.objects.filter(pk=repository.pk))
    return _done(viewer, repository, "disconnected")


@transaction.atomic
def repository_set_paused(*, viewer: Viewer, repository_id: int, paused: bool) -> GitHubRepository:
    """Pause a repository, or resume it where it was.

    Raises:
        UnauthenticatedError, RepositoryNotFoundError: VIEWER may not see it.
        RepositoryDisabledError: access to it was lost, so it cannot be paused.
    """
    if not paused:
        return _resume(viewer, repository_id)
    repository = _repository(viewer, repository_id)
    if repository.sync_status == SyncStatus.PAUSED:
        return repository
    if repository.sync_status == SyncStatus.DISABLED:
        raise RepositoryDisabledError(
            _("Access to {full_name} was lost, so nothing of it is read.").format(
                full_name=repository.full_name
            )
        )
    repositories_pause(GitHubRepository.objects.filter(pk=repository.pk))
    return _done(viewer, repository, "paused")


def _resume(viewer: Viewer, repository_id: int) -> GitHubRepository:
    # Without its lock: that of its installation comes first.
    repository = _found(viewer, repository_id)
    if repository.sync_status != SyncStatus.PAUSED:
        return repository
    if repository.access_lost_at is not None:
        _look_for(GitHubRepository.objects.filter(pk=repository.pk))
    paused = GitHubRepository.objects.followed().filter(sync_status=SyncStatus.PAUSED)
    # Somebody may have resumed or disconnected it while its lock was waited for.
    if not repositories_resume(paused.filter(pk=repository.pk)):
        return _found(viewer, repository_id)
    transaction.on_commit(enqueue_due)
    return _done(viewer, repository, "resumed")


def _look_for(repositories: Repositories) -> None:
    """Ask the App's list soon whether it has REPOSITORIES again that were lost."""
    theirs = GitHubInstallation.objects.filter(pk__in=repositories.values("installation"))
    if reconcile_ask(theirs.filter(app__isnull=False)):
        transaction.on_commit(enqueue_due)


@transaction.atomic
def repository_sync_now(*, viewer: Viewer, repository_id: int) -> GitHubRepository:
    """Make a repository due at once.

    Where an App lost access to it, the App's list is due instead.

    Raises:
        UnauthenticatedError, RepositoryNotFoundError: VIEWER may not see it.
        RepositoryPausedError: it is paused.
        InstallationSuspendedError, InstallationDeletedError: nothing of its account can be read.
    """
    # Without its lock: that of its installation comes first.
    repository = _found(viewer, repository_id)
    installation = repository.installation
    installation_require(installation)
    if repository.sync_status == SyncStatus.PAUSED:
        raise RepositoryPausedError(
            _("{full_name} is paused. Resume it first.").format(full_name=repository.full_name)
        )
    _sync(GitHubRepository.objects.filter(pk=repository.pk))
    return _done(viewer, repository, "sync_requested")


@transaction.atomic
def repositories_sync_now(*, viewer: Viewer, workspace: Workspace) -> int:
    """Make all repositories of WORKSPACE due at once, but what is paused or cannot be read.

    Returns: how many they are.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    live = GitHubInstallation.objects.live().filter(workspace=workspace, is_suspended=False)
    followed = GitHubRepository.objects.followed().of_workspace(workspace).unpaused()
    wanted = list(followed.filter(installation__in=live).values_list("pk", flat=True))
    if wanted:
        _sync(GitHubRepository.objects.filter(pk__in=wanted))
        audit(
            workspace,
            signed_in(viewer),
            "github_repository.all_sync_requested",
            workspace,
            number=len(wanted),
        )
    return len(wanted)


def _sync(repositories: Repositories) -> None:
    """Make REPOSITORIES due; of what an App lost, its list, for being public is not access."""
    lost = repositories.filter(sync_status=SyncStatus.DISABLED, installation__app__isnull=False)
    others = repositories.exclude(sync_status=SyncStatus.DISABLED, installation__app__isnull=False)
    # The locks of installations come first.
    _look_for(lost)
    sync_asked_for(repositories_locked(others))
    transaction.on_commit(enqueue_due)


def _repository(viewer: Viewer, repository_id: int) -> GitHubRepository:
    """Return a repository that is followed in a workspace of VIEWER, locked."""
    return _found(viewer, repository_id, GitHubRepository.objects.select_for_update(of=("self",)))


def _found(
    viewer: Viewer, repository_id: int, among: Repositories | None = None
) -> GitHubRepository:
    rows = GitHubRepository.objects.all() if among is None else among
    seen = rows.followed().seen_by(memberships_of(viewer)).filter(pk=repository_id)
    repository = seen.select_related("source__workspace", "installation").first()
    if repository is None:
        raise RepositoryNotFoundError(_("There is no such repository."))
    return repository


def _done(viewer: Viewer, repository: GitHubRepository, what: str) -> GitHubRepository:
    workspace = repository.source.workspace
    audit(
        workspace,
        signed_in(viewer),
        f"github_repository.{what}",
        repository,
        name=repository.full_name,
    )
    repository.refresh_from_db()
    return repository
