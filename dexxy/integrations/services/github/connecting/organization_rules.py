"""Rules that let the members of an organization on GitHub into a workspace.

The organization is the one that the workspace reads by the App. Who is a member, GitHub says to the
App, whose installation there has the permission `members`: no profile does, which anybody can
write, and no list of public members, which most conceal.
"""

from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from urllib.parse import quote

import structlog
from django.core.cache import cache
from django.utils.translation import gettext as _

from dexxy.accounts.models import Role, SignInRule, Workspace
from dexxy.accounts.selectors import Viewer, in_person, require_admin
from dexxy.accounts.sign_in_rules import (
    Organization,
    SignInRuleError,
    organization_rule_store,
    organization_rules_unused,
)
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import AccountType, GitHubInstallation
from dexxy.integrations.services.github.api.errors import NotFoundError, answer_shape
from dexxy.integrations.services.github.connecting.connection import (
    Connection,
    github_connection_for_admin,
)
from dexxy.integrations.services.github.scheduling.person_client import client_for_person

log = structlog.get_logger()

PERMISSION = "members"
# Organizations that are asked at one sign-in, and seconds after which no further one is.
_MOST_ASKED, _SECONDS = 20, 10.0
# Sign-ins of one account that ask, within seconds: a stranger spends no more of our requests.
_MOST_SIGN_INS, _COUNTED_SECONDS = 10, 600


class Standing(StrEnum):
    """Whether there can be a rule about an organization, and why not."""

    READY = "ready"
    NO_ORGANIZATION = "no_organization"  # not connected, by a token, or an account of one person
    NO_PERMISSION = "no_permission"


@dataclass(frozen=True)
class RuleFor:
    """The organization that a rule of a workspace can be about.

    Args:
        login: its name on GitHub, or ''.
        settings_url: where its owners grant the App what it lacks, or ''.
    """

    standing: Standing
    login: str = ""
    account_id: int | None = None
    settings_url: str = ""

    def rests(self, rule: SignInRule) -> bool:
        """Say whether RULE lets nobody in as things are: a rule about a domain never rests."""
        is_about_it = self.standing == Standing.READY and rule.account_id == self.account_id
        return rule.account_id is not None and not is_about_it


@dataclass(frozen=True)
class Proven:
    """What GitHub said of somebody who signs in.

    Args:
        rules: the keys of those whose organizations they are an active member of.
        unanswered: whether GitHub could not be asked about some.
    """

    rules: tuple[int, ...] = ()
    unanswered: bool = False


def organization_rule_for(viewer: Viewer, workspace: Workspace) -> RuleFor:
    """Return which organization a rule of WORKSPACE can be about now.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
    """
    connection = github_connection_for_admin(viewer, workspace)
    if connection is None or not _is_organization(connection.installation):
        return RuleFor(Standing.NO_ORGANIZATION)
    return _rule_for(connection)


def _rule_for(connection: Connection) -> RuleFor:
    row = connection.installation
    may_ask = PERMISSION in row.permissions
    return RuleFor(
        Standing.READY if may_ask else Standing.NO_PERMISSION,
        row.account_login,
        row.account_id,
        connection.settings_url,
    )


def organization_rule_create(
    *, viewer: Viewer, workspace: Workspace, role: Role = Role.MEMBER
) -> SignInRule:
    """Let members of the organization that WORKSPACE reads in, when they sign in by GitHub.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        SessionNeededError: VIEWER came by a token.
        SignInRuleError: it reads none by the App, GitHub does not tell the App who is a member, or
            there is such a rule.
    """
    require_admin(viewer, workspace)
    in_person(viewer)
    found = organization_rule_for(viewer, workspace)
    if found.standing == Standing.NO_ORGANIZATION or found.account_id is None:
        raise SignInRuleError(
            _(
                "Connect this workspace to an organization by the GitHub App first: a rule is "
                "about the members of that organization."
            )
        )
    if found.standing == Standing.NO_PERMISSION:
        raise SignInRuleError(
            _(
                "GitHub does not tell Dexxy who is a member of {organization}: an owner grants "
                "the App the permission “Members: read” on GitHub first."
            ).format(organization=found.login)
        )
    server = GitHubInstallation.objects.get(workspace=workspace).server
    return organization_rule_store(
        viewer=viewer,
        workspace=workspace,
        organization=Organization(server, found.account_id, found.login),
        role=role,
    )


def memberships_prove(*, server: str, github_id: int, login: str, uid: str) -> Proven:
    """Ask GitHub by which rules about organizations somebody comes in who signs in by it.

    It is asked outside of any transaction, once for each organization and only for rules that they
    have not come in by.

    Args:
        server: the name of the server by which they sign in.
        github_id: their number there.
        login: their name there, which GitHub told just now.
        uid: of their account, as `OutsidePerson` names it.
    """
    rules = organization_rules_unused(server=server, provider="github", uid=uid)
    asked = [(rule, found) for rule in rules if (found := _asked_by(rule)) is not None]
    if not asked:
        return Proven()
    if _asks_too_often(uid):
        return Proven(unanswered=True)
    proven, unanswered, until = list[int](), len(asked) > _MOST_ASKED, monotonic() + _SECONDS
    for rule, installation in asked[:_MOST_ASKED]:
        if monotonic() > until:
            unanswered = True
            break
        try:
            if _is_member(installation, github_id, login):
                proven.append(rule.pk)
        except DexxyError as error:
            unanswered = True
            log.warning("a rule could not be checked", rule=rule.pk, error=str(error))
    return Proven(tuple(proven), unanswered)


def _asks_too_often(uid: str) -> bool:
    """Say whether an account has made us ask too often; where counts are lost, nobody has."""
    key = f"dexxy:organization_rules:{uid}"
    try:
        cache.add(key, 0, timeout=_COUNTED_SECONDS)
        return int(cache.incr(key)) > _MOST_SIGN_INS
    except ValueError:
        return False


def _asked_by(rule: SignInRule) -> GitHubInstallation | None:
    """Return the installation that is asked about RULE, or None where it rests."""
    found = GitHubInstallation.objects.live().filter(workspace=rule.workspace_id).first()
    if found is None or (found.server, found.account_id) != (rule.server, rule.account_id):
        return None
    return found if _is_organization(found) else None


def _is_organization(installation: GitHubInstallation) -> bool:
    is_live = installation.is_by_app and installation.deleted_at is None
    return is_live and installation.account_type == AccountType.ORGANIZATION


def _is_member(installation: GitHubInstallation, github_id: int, login: str) -> bool:
    """Ask GitHub whether somebody is an active member: by name, and by both numbers."""
    path = f"orgs/{installation.account_login}/memberships/{quote(login, safe='')}"
    with client_for_person(installation) as client:
        try:
            # https://docs.github.com/en/rest/orgs/members#get-organization-membership-for-a-user
            found = client.get(path).data
        except NotFoundError:
            return False
    with answer_shape("membership"):
        # A name may be another account's by now, and an invitation is not accepted yet.
        return (
            found["state"] == "active"
            and int(found["user"]["id"]) == github_id
            and int(found["organization"]["id"]) == installation.account_id
        )
