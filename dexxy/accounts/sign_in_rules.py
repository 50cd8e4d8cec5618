"""Rules by which people who sign in elsewhere come into a workspace without an invitation.

Somebody proves an address there, and an administrator here has said that whoever has one of that
domain is welcome. Without a rule or an invitation nobody comes in, whoever they are elsewhere.
"""

import re
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

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


def sign_in_rules(viewer: Viewer, workspace: Workspace) -> list[SignInRule]:
    """Return the rules of WORKSPACE, by their domains.

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
    domain = _checked(domain)
    # Of two who make a rule at one moment, the second sees that of the first.
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    if workspace.sign_in_rules.filter(domain=domain).exists():
        raise SignInRuleError(_("There is a rule for {domain} already.").format(domain=domain))
    if workspace.sign_in_rules.count() >= _MOST:
        raise SignInRuleError(
            _("A workspace has up to {most} rules: remove one first.").format(most=_MOST)
        )
    rule = SignInRule.objects.create(workspace=workspace, domain=domain, role=role, made_by=actor)
    audit(workspace, actor, "sign_in_rule.created", rule, domain=domain, role=role)
    return rule


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
    audit(workspace, actor, "sign_in_rule.deleted", rule, domain=rule.domain, role=rule.role)
    rule.delete()


def rules_for(proven: Sequence[str]) -> list[SignInRule]:
    """Return the rules of all workspaces that let in who has the addresses PROVEN."""
    domains = {email.lower().rpartition("@")[2] for email in proven}
    found = SignInRule.objects.filter(domain__in=domains).select_related("workspace")
    return list(found.order_by("pk"))


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
            details = {"user": user.email, "role": rule.role, "rule": rule.domain}
            audit(rule.workspace, user, "membership.added", membership, **details)


def _checked(domain: str) -> str:
    domain = domain.strip().lower().removeprefix("@")
    if _DOMAIN.fullmatch(domain) is None:
        raise SignInRuleError(_("Name a domain such as example.org."))
    if domain in _EVERYBODY_S:
        raise SignInRuleError(
            _("Anybody can have an address at {domain}: invite people one by one.").format(
                domain=domain
            )
        )
    return domain
