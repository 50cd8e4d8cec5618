"""Rules by which people who sign in elsewhere come into a workspace without an invitation.

Somebody proves there that they have an address of a domain, or that they belong to an organization,
and an administrator here has said that whoever does is welcome. Without a rule or an invitation
nobody comes in, whoever they are elsewhere.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import domain_compared
from dexxy.accounts.models import Membership, Role, SignInRule, User, Workspace
from dexxy.accounts.selectors import Viewer, in_person, require_admin
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, NotFoundError

_MOST = 50
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
# Anybody has an address there within a minute.
_EVERYBODY_S = frozenset(
    [
        "aol.com",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.ru",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "t-online.de",
        "users.noreply.github.com",
        "web.de",
        "yahoo.com",
        "yandex.ru",
    ]
)


class SignInRuleError(BadInputError):
    """There cannot be such a rule."""


class SignInRuleNotFoundError(NotFoundError):
    """There is no such rule, or not in this workspace."""


@dataclass(frozen=True)
class Organization:
    """An organization on GitHub.

    Args:
        server: the name of the server that it is on.
        account_id: its number there, which it keeps when it is renamed.
    """

    server: str
    account_id: int
    login: str


def sign_in_rules(viewer: Viewer, workspace: Workspace) -> list[SignInRule]:
    """Return the rules of WORKSPACE, by their domains; that about an organization comes first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_admin(viewer, workspace)
    return list(workspace.sign_in_rules.select_related("made_by").order_by("domain"))


@transaction.atomic
def sign_in_rule_create(
    *, viewer: Viewer, workspace: Workspace, domain: str, role: Role = Role.MEMBER
) -> SignInRule:
    """Let whoever proves an address of DOMAIN into WORKSPACE when they sign in elsewhere.

    Args:
        domain: such as example.org, with an @ before it or not; those below it do not count.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        SessionNeededError: VIEWER came by a token.
        SignInRuleError: DOMAIN is none, anybody can have an address there, or it has a rule.
    """
    require_admin(viewer, workspace)
    actor = in_person(viewer)
    return _made(workspace, actor, role, domain=_checked(domain))


@transaction.atomic
def organization_rule_store(
    *, viewer: Viewer, workspace: Workspace, organization: Organization, role: Role
) -> SignInRule:
    """Let whoever is a member of ORGANIZATION into WORKSPACE when they sign in by GitHub.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        SessionNeededError: VIEWER came by a token.
        SignInRuleError: it has a rule about an organization already.
    """
    require_admin(viewer, workspace)
    return _made(
        workspace,
        in_person(viewer),
        role,
        server=organization.server,
        account_id=organization.account_id,
        account_login=organization.login,
    )


def _made(workspace: Workspace, actor: User, role: Role, **about: str | int) -> SignInRule:
    made = SignInRule(workspace=workspace, role=role, made_by=actor, **about)
    # Of two who make a rule at one moment, the second sees that of the first.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    there = workspace.sign_in_rules.filter(domain=made.domain).first()
    if there is not None:
        raise SignInRuleError(_("There is a rule for {domain} already.").format(domain=there.whom))
    if workspace.sign_in_rules.count() >= _MOST:
        raise SignInRuleError(
            _("A workspace has up to {most} rules: remove one first.").format(most=_MOST)
        )
    made.save()
    audit(workspace, actor, "sign_in_rule.created", made, **_details(made))
    return made


@transaction.atomic
def sign_in_rule_delete(*, viewer: Viewer, workspace: Workspace, rule_id: int) -> None:
    """Let nobody in by a rule any more. Who came in by it stays.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        SessionNeededError: VIEWER came by a token.
        SignInRuleNotFoundError: WORKSPACE has no such rule.
    """
    require_admin(viewer, workspace)
    actor = in_person(viewer)
    rule = workspace.sign_in_rules.select_for_update().filter(pk=rule_id).first()
    if rule is None:
        raise SignInRuleNotFoundError(_("There is no such rule."))
    audit(workspace, actor, "sign_in_rule.deleted", rule, **_details(rule))
    rule.delete()


def rules_for(proven: Sequence[str]) -> list[SignInRule]:
    """Return the rules of all workspaces that let in who has the addresses PROVEN.

    Args:
        proven: as they are compared.
    """
    domains = {email.rpartition("@")[2] for email in proven}
    found = SignInRule.objects.filter(domain__in=domains).select_related("workspace")
    return list(found.order_by("pk"))


def organization_rules_unused(*, server: str, provider: str, uid: str) -> list[SignInRule]:
    """Return the rules about organizations on SERVER by which somebody has not come in yet.

    Args:
        provider, uid: the account from outside that signs in, as `OutsidePerson` names it.
    """
    account = SocialAccount.objects.filter(provider=provider, uid=uid).first()
    found = SignInRule.objects.filter(server=server, account_id__isnull=False)
    if account is not None:
        found = found.exclude(used_by=account.user_id)
    return list(found.select_related("workspace").order_by("pk"))


def organization_rules_of(pks: Collection[int]) -> list[SignInRule]:
    """Return those of the rules about organizations that are still there.

    Args:
        pks: of those whose organizations somebody was proven to be a member of.
    """
    found = SignInRule.objects.filter(pk__in=pks, account_id__isnull=False)
    return list(found.select_related("workspace").order_by("pk"))


def rules_follow(user: User, rules: Sequence[SignInRule]) -> None:
    """Let USER in by RULES, by each of them once."""
    used = set(SignInRule.objects.filter(used_by=user).values_list("pk", flat=True))
    for rule in rules:
        if rule.pk in used:
            continue
        rule.used_by.add(user)
        membership, is_new = Membership.objects.get_or_create(
            workspace=rule.workspace, user=user, defaults={"role": rule.role}
        )
        if is_new:
            details = {"user": user.email, "role": rule.role, "rule": rule.whom}
            audit(rule.workspace, user, "membership.added", membership, **details)


def _details(rule: SignInRule) -> dict[str, str]:
    about = {"domain": rule.domain} if rule.domain else {"organization": rule.account_login}
    return {**about, "role": rule.role}


def _checked(domain: str) -> str:
    domain = domain_compared(domain.strip().removeprefix("@"))
    if _DOMAIN.fullmatch(domain) is None:
        raise SignInRuleError(_("Name a domain such as example.org."))
    if domain in _EVERYBODY_S:
        raise SignInRuleError(
            _("Anybody can have an address at {domain}: invite people one by one.").format(
                domain=domain
            )
        )
    return domain
