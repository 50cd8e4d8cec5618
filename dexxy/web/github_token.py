"""A personal access token of GitHub is tried before it is used: in the first run, and later."""

from dexxy.accounts.models import Workspace
from dexxy.integrations.services.github.api.server import default_server
from dexxy.integrations.services.github.connecting.token_facts import TokenFacts
from dexxy.integrations.services.github.connecting.token_replacing import token_check
from dexxy.web.pages import PageRequest, keep_for_once, take_once


def token_page() -> str:
    """Return where a person makes a token on GitHub."""
    return f"{default_server().web_url}/settings/personal-access-tokens/new"


def token_try(request: PageRequest, workspace: Workspace) -> TokenFacts:
    """Ask GitHub about the token that was sent; `token_tried` gives it back then.

    Raises:
        DexxyError: as `token_check`.
    """
    token = request.POST.get("token", "")
    facts = token_check(viewer=request.user, workspace=workspace, token=token)
    keep_for_once(request, _kept(workspace), token)
    return facts


def token_tried(request: PageRequest, workspace: Workspace) -> str:
    """Return the token that was tried for WORKSPACE, once; '' where none was."""
    return take_once(request, _kept(workspace))


def _kept(workspace: Workspace) -> str:
    return f"token of GitHub for {workspace.pk}"
