"""Let a workspace read with another personal access token, or with its first one."""

from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, in_person, require_admin
from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.api.server import GitHubServer, default_server
from dexxy.integrations.services.github.connecting.token_facts import (
    TokenFacts,
    client_of,
    personal_token,
    token_facts,
)
from dexxy.integrations.services.github.connecting.token_taking import token_take


@dataclass(frozen=True, slots=True)
class TokenTaken:
    """A connection that reads with another token now, and what GitHub says about that."""

    installation: GitHubInstallation
    facts: TokenFacts


def token_connect(
    *, viewer: Viewer, workspace: Workspace, token: str, server: GitHubServer | None = None
) -> TokenTaken:
    """Read all that WORKSPACE follows with TOKEN from now on. For admins.

    The token is tried first: GitHub says whose it is, and what it does not read.

    Args:
        server: the GitHub to ask; the one of the environment if not given.

    Raises:
        DexxyError: as `token_check`.
        OtherServerError, ConnectedByAppError: WORKSPACE is connected in another way.
    """
    server = server or default_server()
    facts = token_check(viewer=viewer, workspace=workspace, token=token, server=server)
    installation = token_take(
        actor=in_person(viewer),
        workspace=workspace,
        server=server,
        token=personal_token(token),
        facts=facts,
    )
    return TokenTaken(installation, facts)


def token_check(
    *, viewer: Viewer, workspace: Workspace, token: str, server: GitHubServer | None = None
) -> TokenFacts:
    """Ask GitHub about TOKEN, with what WORKSPACE follows, and store nothing. For admins.

    Args:
        server: the GitHub to ask; the one of the environment if not given.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError, SessionNeededError: VIEWER is no admin there, or came by a token of ours.
        InvalidTokenError: TOKEN cannot be a personal one, or GitHub does not accept it.
        GitHubError: GitHub could not be asked.
    """
    require_admin(viewer, workspace)
    in_person(viewer)
    server = server or default_server()
    followed = GitHubRepository.objects.followed().of_workspace(workspace)
    here = followed.filter(source__server=server.name).exclude(node_id="").order_by("full_name")
    with client_of(server, personal_token(token)) as client:
        return token_facts(client, dict(here.values_list("node_id", "full_name")))
