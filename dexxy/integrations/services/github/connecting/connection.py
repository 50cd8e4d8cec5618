"""What a workspace reads GitHub with, and what stands in the way."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership, signed_in
from dexxy.integrations.models import (
    LEFT_OUT,
    AccountType,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    StreamName,
    SyncRun,
    SyncStatus,
    SyncStream,
)
from dexxy.integrations.services.github.api.errors import BadCredentialsError
from dexxy.integrations.services.github.api.refusals import authorization_page, names_barrier
from dexxy.integrations.services.github.connecting.app_registration import (
    PERMISSIONS,
    WEBHOOK_PATH,
    is_public,
)


@dataclass(frozen=True)
class Connection:
    """What a workspace reads GitHub with, and what stands in the way.

    Args:
        missing: permissions that the App asks for and the account has not granted.
        settings_url: where on GitHub the account's owners change what the App may read, or ''.
        has_webhooks: GitHub can tell this Dexxy at once what changes.
        is_refused: whether GitHub did not accept the personal token when it was used last.
        requests_left, points_left: of GitHub's limits in this hour; None where nothing is known.
    """

    installation: GitHubInstallation
    missing: list[str]
    settings_url: str
    has_webhooks: bool
    is_refused: bool
    requests_left: int | None = None
    points_left: int | None = None


def github_connection(viewer: Viewer, workspace: Workspace) -> Connection | None:
    """Return what WORKSPACE reads GitHub with, or None where it is not connected.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    rows = GitHubInstallation.objects.select_related("app", "credential").annotate(
        is_refused=Exists(_refused())
    )
    found = rows.filter(workspace=workspace).first()
    if found is None:
        return None
    missing = [name for name in PERMISSIONS if name not in found.permissions]
    credential = found.credential
    resets_at = credential.points_reset_at if credential else None
    # What was left of an hour that is over says nothing of this one.
    is_known = resets_at is not None and resets_at > timezone.now()
    return Connection(
        installation=found,
        missing=missing if found.is_by_app else [],
        settings_url=_settings_url(found),
        has_webhooks=is_public() and found.app is not None and bool(found.app.webhook_secret),
        is_refused=found.is_refused and not found.is_by_app,
        requests_left=credential.requests_remaining if credential and is_known else None,
        points_left=credential.points_remaining if credential and is_known else None,
    )


def _refused() -> QuerySet[GitHubRepository]:
    """Return the repositories of an outer installation whose token GitHub refused, and which
    nobody has had read with another one since."""
    latest = SyncRun.objects.filter(repository=OuterRef("pk")).order_by("-pk")
    theirs = GitHubRepository.objects.followed().filter(
        installation=OuterRef("pk"), sync_status=SyncStatus.ERROR, sync_requested=False
    )
    ended = theirs.annotate(ended_by=Subquery(latest.values("error_code")[:1]))
    return ended.filter(ended_by=BadCredentialsError.code)


@dataclass(frozen=True)
class AppState:
    """How the GitHub App is that a workspace is read through; nothing of it is secret.

    Args:
        html_url: its page on GitHub, or '' of one that nobody has asked about.
        has_webhooks: GitHub can tell this Dexxy at once what changes.
        webhook_url: where GitHub sends them; '' where it sends none.
        log_read_until: up to when GitHub's log of webhooks was read, by GitHub's clock.
        webhooks_missed_at: when that log last showed one that had not arrived.
        is_of_environment: whether the environment names it, so that no page changes it.
    """

    pk: int
    name: str
    html_url: str
    has_webhooks: bool
    webhook_url: str
    log_read_until: datetime | None
    webhooks_missed_at: datetime | None
    is_of_environment: bool


def app_state(viewer: Viewer, pk: int) -> AppState | None:
    """Return how the App with our key PK is, or None where there is none.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    signed_in(viewer)
    app = GitHubApp.objects.filter(pk=pk).first()
    if app is None:
        return None
    has_webhooks = is_public() and bool(app.webhook_secret)
    return AppState(
        pk=app.pk,
        name=app.slug or str(app.app_id),
        html_url=app.html_url,
        has_webhooks=has_webhooks,
        webhook_url=f"{settings.DEXXY_BASE_URL}{WEBHOOK_PATH}" if has_webhooks else "",
        log_read_until=app.log_read_until,
        webhooks_missed_at=app.webhooks_missed_at,
        is_of_environment=settings.DEXXY_GITHUB_APP is not None,
    )


@dataclass(frozen=True)
class RestingList:
    """A list of a repository that GitHub does not show, although it shows the repository.

    Args:
        why: in a sentence, with what to do about it.
        features_url: where on GitHub the owners of the repository switch its features on.
        rights_url: where on GitHub it is decided what the connection may read.
        is_kept_back: neither helps: it is the organization that keeps us out.
        authorize_url: GitHub's page that authorizes the token for it, or ''.
    """

    name: StreamName
    repository: GitHubRepository
    why: str
    features_url: str
    rights_url: str
    is_kept_back: bool
    authorize_url: str


def resting_lists(viewer: Viewer, workspace: Workspace) -> list[RestingList]:
    """Return what GitHub does not show of the repositories that WORKSPACE follows, by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    followed = GitHubRepository.objects.followed().of_workspace(workspace)
    rows = SyncStream.objects.filter(repository__in=followed, name__in=StreamName.shown())
    resting = rows.exclude(refusal__in=["", LEFT_OUT]).select_related("repository__installation")
    return [
        RestingList(
            name=StreamName(one.name),
            repository=one.repository,
            why=one.refusal,
            features_url=f"{installation.web_url}/{one.repository.full_name}/settings",
            rights_url=_settings_url(installation) or f"{installation.web_url}/settings/tokens",
            is_kept_back=names_barrier(one.refusal),
            authorize_url=authorization_page(one.refusal, installation.web_url),
        )
        for one in resting.order_by("repository__full_name", "name")
        for installation in [one.repository.installation]
    ]


def _settings_url(installation: GitHubInstallation) -> str:
    # https://docs.github.com/en/apps/using-github-apps/reviewing-and-modifying-installed-github-apps
    if not installation.is_by_app or installation.deleted_at is not None:
        return ""
    is_organization = installation.account_type == AccountType.ORGANIZATION
    owner = f"/organizations/{installation.account_login}" if is_organization else ""
    return f"{installation.web_url}{owner}/settings/installations/{installation.installation_id}"


def github_connection_for_admin(viewer: Viewer, workspace: Workspace) -> Connection | None:
    """Return what WORKSPACE reads GitHub with, to an admin.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
    """
    require_admin(viewer, workspace)
    return github_connection(viewer, workspace)
