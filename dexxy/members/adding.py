"""Accounts on platforms that Dexxy does not read, added to a member by hand."""

import re

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_membership
from dexxy.common.errors import BadInputError
from dexxy.members.addresses import mailbox
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.contacts import contacts_apply
from dexxy.members.ingest.records import IdentityRecord, ProfileRecord
from dexxy.members.merges.by_hand import members_merge
from dexxy.members.merges.components import merges_lock
from dexxy.members.models import Identity, IdentityKind
from dexxy.members.platforms import is_taken_for_read

LONGEST_USERNAME = 100
_PLATFORM = re.compile(r"[a-z0-9][a-z0-9._-]{0,49}")
# Rows of imported files that name an address alone are accounts of this.
_OUR_OWN = {"import"}
ADDED = {
    "rule": "added_by_hand",
    "weight": None,
    "sentence": gettext_noop("Somebody of the team added it."),
}


class AccountError(BadInputError):
    """An account that cannot be added."""


class AccountKnownError(AccountError):
    """The account is somebody's already."""


@transaction.atomic
def identity_add(
    *,
    actor: User,
    workspace: Workspace,
    member_id: int,
    platform: str,
    username: str,
    email: str = "",
) -> Identity:
    """Give a member an account on another platform; undoing that merge parts it again.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        AccountError: the platform, the username or the address cannot be.
        AccountKnownError: there is such an account already.
        MemberNotFoundError, MembersNotAlikeError, MemberLockedError: it cannot be merged.
    """
    require_membership(actor, workspace)
    platform, username, email = platform_name(platform), username.strip(), email.strip()
    _check(username, email)
    merges_lock(workspace.pk)
    key = account_key(username)
    known = workspace.identities.filter(provider=platform, external_id=key)
    if account := known.select_related("member").first():
        problem = _("{username} is {name} already: merge the two.")
        raise AccountKnownError(problem.format(username=username, name=account.member))
    pk = _store(workspace.pk, platform, IdentityRecord(key, IdentityKind.USER, username), email)
    account = workspace.identities.get(pk=pk)
    # It wrote nothing, so there is no thread to settle.
    members_merge(
        actor=actor,
        workspace=workspace,
        kept_id=member_id,
        merged_id=account.home_member_id,
        evidence=[ADDED],
    )
    account.refresh_from_db()
    return account


def platform_name(text: str) -> str:
    """Return the name of a platform that Dexxy does not read.

    Raises:
        AccountError: TEXT is none.
    """
    name = text.strip().lower()
    if _PLATFORM.fullmatch(name) is None or name in _OUR_OWN:
        raise AccountError(_("A platform is called by letters, digits, dots and dashes: discord."))
    if is_taken_for_read(name):
        raise AccountError(
            _("Accounts of GitHub come with what they write: merge the two members.")
        )
    return name


def account_key(username: str) -> str:
    """Return the key of an account on a platform that is known by usernames alone."""
    return username.strip().lower()


def _check(username: str, email: str) -> None:
    if not username or len(username) > LONGEST_USERNAME or "\0" in username:
        most = LONGEST_USERNAME
        raise AccountError(_("A username has 1 to {most} characters.").format(most=most))
    if email and mailbox(email) is None:
        raise AccountError(_("That is no e-mail address."))


def _store(workspace_id: int, platform: str, record: IdentityRecord, email: str) -> int:
    found = identities_apply(
        workspace_id=workspace_id, provider=platform, records=[record], seen_at=timezone.now()
    )
    if email:
        profile = ProfileRecord(record.external_id, email=email)
        contacts_apply(workspace_id=workspace_id, provider=platform, records=[profile])
    return found[record.external_id]
