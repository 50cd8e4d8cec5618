"""The repositories that a workspace's connection reaches, connected or not."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.access.tokens import NotConnectedError
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.refusals import kept_back
from dexxy.integrations.services.github.scheduling.person_client import client_for_person
from dexxy.integrations.services.github.scheduling.reconcile import (
    PAGE,
    Listed,
    listed,
    repositories_listed,
)
from dexxy.integrations.services.github_client import GitHubClient


class RepositoryNotAvailableError(DexxyError):
    """The connection does not reach it."""

    code = "repository_not_available"


@dataclass(frozen=True, slots=True)
class AvailableRepository:
    """A repository that can be connected.

    Args:
        installation_pk: our key of the connection that reaches it.
        is_connected: whether the workspace follows it already.
        was_connected: whether it did once, so that it goes on where it stopped.
    """

    installation_pk: int
    github_id: int
    full_name: str
    url: str
    description: str
    is_private: bool
    is_archived: bool
    node_id: str = ""
    is_connected: bool = False
    was_connected: bool = False


@dataclass(frozen=True, slots=True)
class Available:
    """What a connection reaches.

    Args:
        repositories: by name.
        kept_back: of how many organizations GitHub shows none to a personal token, because they
            want it authorized by their single sign-on.
    """

    repositories: Sequence[AvailableRepository]
    kept_back: int = 0


def available_repositories(*, viewer: Viewer, workspace: Workspace) -> Available:
    """Ask GitHub for every repository that WORKSPACE could follow, by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
        NotConnectedError: GitHub is not connected.
        GitHubError: GitHub could not be asked.
    """
    require_admin(viewer, workspace)
    connection = connection_of(workspace)
    lacking = set[str]()
    with client_for_person(connection) as client:
        by_app = connection.is_by_app
        found = list(repositories_listed(client) if by_app else _of_token(client, lacking))
    known = dict(
        GitHubRepository.objects.of_workspace(workspace)
        .filter(source__server=connection.server)
        .values_list("github_id", "is_archived")
    )
    marked = [_available(connection, one, known.get(one.github_id)) for one in found]
    return Available(sorted(marked, key=lambda one: one.full_name.lower()), len(lacking))


def available_among(
    *, viewer: Viewer, workspace: Workspace, github_ids: Collection[int]
) -> list[AvailableRepository]:
    """Ask GitHub whether some repositories can be followed with the connection of WORKSPACE.

    The App's list is asked, because a public repository can be read without being in it.

    Args:
        github_ids: GitHub's numbers of them.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
        NotConnectedError: GitHub is not connected.
        RepositoryNotAvailableError: the connection does not reach one of them.
        GitHubError: GitHub could not be asked.
    """
    require_admin(viewer, workspace)
    connection, wanted = connection_of(workspace), set(github_ids)
    with client_for_person(connection) as client:
        if connection.is_by_app:
            rows = (one for one in repositories_listed(client) if one.github_id in wanted)
            # The pages behind the last one that is wanted are not asked for.
            found = list(islice(rows, len(wanted)))
        else:
            found = [one for one in (_readable(client, number) for number in wanted) if one]
    if len(found) < len(wanted):
        raise RepositoryNotAvailableError(
            _(
                "{account_login}'s connection to GitHub does not reach this "
                "repository. Give it access to the repository on GitHub first."
            ).format(account_login=connection.account_login)
        )
    return [_available(connection, one, is_archived=None) for one in found]


def connection_of(workspace: Workspace) -> GitHubInstallation:
    """Return what WORKSPACE reads GitHub with.

    Raises:
        NotConnectedError: it is not connected.
    """
    found = GitHubInstallation.objects.filter(workspace=workspace).first()
    if found is None:
        raise NotConnectedError(_("GitHub is not connected to this workspace. Connect it first."))
    return found


def _of_token(client: GitHubClient, lacking: set[str]) -> Iterator[Listed]:
    """Read every repository of whoever made a personal token.

    Public ones of others can be read, too, but no list has them all.

    Args:
        lacking: gets the organizations that GitHub leaves out.
    """
    # https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user
    page: str = "user/repos"
    parameters: dict[str, str | int] | None = {"per_page": PAGE, "sort": "full_name"}
    seen = set[int]()
    while page:
        answer = client.get(page, parameters)
        lacking |= kept_back(answer.headers)
        with answer_shape("list of repositories"):
            rows = [listed(one) for one in answer.data]
        yield from (row for row in rows if row.github_id not in seen)
        seen.update(row.github_id for row in rows)
        page, parameters = answer.next_page, None


def _readable(client: GitHubClient, github_id: int) -> Listed | None:
    try:
        # Names change, numbers do not; this address is the one that GitHub redirects renamed
        # repositories to: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        answer = client.get(f"repositories/{github_id}")
    except errors.NotFoundError:
        return None
    with answer_shape("repository"):
        return listed(answer.data)


def _available(
    connection: GitHubInstallation, found: Listed, is_archived: bool | None
) -> AvailableRepository:
    return AvailableRepository(
        installation_pk=connection.pk,
        github_id=found.github_id,
        full_name=found.full_name,
        url=found.url,
        description=found.description,
        is_private=found.is_private,
        is_archived=found.is_archived,
        node_id=found.node_id,
        is_connected=is_archived is False,
        was_connected=is_archived is True,
    )
