"""What a person does with repositories: connect, disconnect, pause, resume, sync now.

    status      connect   pause    resume          sync now   disconnect
    (none)      pending
    pending     -         paused   -               due        archived
    syncing     -         paused   -               due        archived
    active      -         paused   -               due        archived
    error       due       paused   -               due        archived
    paused      due       -        pending/active, refused    archived
                                   disabled (*)
    disabled    due       refused  -               due (*)    archived
    archived    pending/active

`-` changes nothing: asking twice is no mistake. Members may do all of it, but
show the workspace another private repository of the owner of a personal token.
(*) What an App reads is due when the App's list has it again: that list is what is due at once.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, memberships_of, signed_in
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.integrations.models import GitHubInstallation, GitHubRepository, SyncStatus
from dexxy.integrations.services.github.access.repositories import (
    access_regained,
    repositories_archive,
    repositories_locked,
    repositories_resume,
)
from dexxy.integrations.services.github.access.tokens import NotConnectedError, installation_require
from dexxy.integrations.services.github.connecting.available import (
    AvailableRepository,
    available_among,
)
from dexxy.integrations.services.github.engine.reconcile import reconcile_ask
from dexxy.integrations.services.github.engine.schedule import enqueue_due
from dexxy.sources.models import Source, SourceKind


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
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER is not in WORKSPACE.
        AdminOnlyError: one is private, new here, and reached by a personal token.
        NotConnectedError: GitHub is not connected.
        RepositoryNotAvailableError: the connection does not reach one of them.
        GitHubError: GitHub could not be asked.
    """
    available = available_among(viewer=viewer, workspace=workspace, github_ids=github_ids)
    with transaction.atomic():
        followed = [
            _done(viewer, _follow(workspace, one), "connected")
            for one in sorted(available, key=lambda one: one.github_id)
        ]
    enqueue_due()
    return followed


def _follow(workspace: Workspace, available: AvailableRepository) -> GitHubRepository:
    """Store that a repository is followed; what is stored of it is kept."""
    # The connection may have been replaced while GitHub was asked.
    connections = GitHubInstallation.objects.select_for_update().defer("access_token")
    installation = connections.filter(
        pk=available.installation_pk, workspace=workspace, deleted_at=None
    ).first()
    if installation is None:
        raise NotConnectedError("GitHub was disconnected meanwhile. Connect it again.")
    # Its lock comes before that of its source.
    repositories_locked(
        GitHubRepository.objects.filter(
            source__workspace=workspace,
            source__server=installation.server,
            github_id=available.github_id,
        )
    )
    source, _ = Source.objects.update_or_create(
        workspace=workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server=installation.server,
        external_id=str(available.github_id),
        defaults={"name": available.full_name, "url": available.url, "is_archived": False},
    )
    known = {
        "installation": installation,
        "github_id": available.github_id,
        "name": available.full_name.rpartition("/")[2],
        "full_name": available.full_name,
    }
    new = {**known, "next_sync_at": timezone.now()}
    repository, is_new = GitHubRepository.objects.update_or_create(
        source=source, defaults=known, create_defaults=new
    )
    if not is_new:
        _connect_again(repository)
    return repository


def _connect_again(repository: GitHubRepository) -> None:
    one = GitHubRepository.objects.filter(pk=repository.pk)
    if repository.is_archived or repository.sync_status == SyncStatus.PAUSED:
        # The connection was asked just now, and reaches it.
        one.update(is_archived=False, access_lost_at=None)
        repositories_resume(one)
    elif repository.sync_status in {SyncStatus.DISABLED, SyncStatus.ERROR}:
        access_regained(one)
    repository.refresh_from_db()


@transaction.atomic
def repository_disconnect(*, viewer: Viewer, repository_id: int) -> GitHubRepository:
    """Stop following a repository; what was read of it stays.

    Raises:
        UnauthenticatedError, RepositoryNotFoundError: VIEWER may not see it.
    """
    repository = _repository(viewer, repository_id)
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
            f"Access to {repository.full_name} was lost, so nothing of it is read."
        )
    one = GitHubRepository.objects.filter(pk=repository.pk)
    one.update(sync_status=SyncStatus.PAUSED, next_sync_at=None)
    return _done(viewer, repository, "paused")


def _resume(viewer: Viewer, repository_id: int) -> GitHubRepository:
    # Without its lock: that of its installation comes first.
    repository = _found(viewer, repository_id)
    if repository.sync_status != SyncStatus.PAUSED:
        return repository
    if repository.access_lost_at is not None:
        _look_for(repository)
    paused = GitHubRepository.objects.filter(is_archived=False, sync_status=SyncStatus.PAUSED)
    # Somebody may have resumed or disconnected it while its lock was waited for.
    if not repositories_resume(paused.filter(pk=repository.pk)):
        return _found(viewer, repository_id)
    transaction.on_commit(enqueue_due)
    return _done(viewer, repository, "resumed")


def _look_for(repository: GitHubRepository) -> None:
    """Ask the App's list soon whether it has a repository again that was lost."""
    by_app = GitHubInstallation.objects.filter(pk=repository.installation_id, app__isnull=False)
    if reconcile_ask(by_app):
        transaction.on_commit(enqueue_due)


@transaction.atomic
def repository_sync_now(*, viewer: Viewer, repository_id: int) -> GitHubRepository:
    """Make a repository due at once.

    Where an App lost access to it, the App's list is: being public is not access.

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
        raise RepositoryPausedError(f"{repository.full_name} is paused. Resume it first.")
    if installation.is_by_app and repository.sync_status == SyncStatus.DISABLED:
        _look_for(repository)
    else:
        GitHubRepository.objects.filter(pk=repository.pk).update(next_sync_at=timezone.now())
        transaction.on_commit(enqueue_due)
    return _done(viewer, repository, "sync_requested")


def _repository(viewer: Viewer, repository_id: int) -> GitHubRepository:
    """Return a repository that is followed in a workspace of VIEWER, locked."""
    return _found(viewer, repository_id, GitHubRepository.objects.select_for_update(of=("self",)))


def _found(
    viewer: Viewer, repository_id: int, among: QuerySet[GitHubRepository] | None = None
) -> GitHubRepository:
    rows = GitHubRepository.objects.all() if among is None else among
    followed = rows.filter(
        pk=repository_id,
        is_archived=False,
        source__workspace__memberships__in=memberships_of(viewer),
    )
    related = followed.select_related("source__workspace", "installation")
    repository = related.defer("installation__access_token").first()
    if repository is None:
        raise RepositoryNotFoundError("There is no such repository.")
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
