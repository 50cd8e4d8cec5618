"""Empty the rows of a person; the rows themselves stay, so that counts and threads stay true."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.accounts.services import audit
from dexxy.members.erasure.digests import (
    ErasedPeople,
    erased_people_begun,
    erasures_lock,
    texts_of,
)
from dexxy.members.erasure.lists import ErasedAccount, ErasureList, journal_write
from dexxy.members.merges.components import merges_lock
from dexxy.members.models import (
    ErasedKey,
    Identity,
    MatchKey,
    Member,
    MemberMerge,
    MemberNote,
    MemberSummary,
    MergeSuggestion,
    StatedAccount,
)
from dexxy.members.who_may_see import MemberNotFoundError

# The name that is shown for an erased member.
ERASED_NAME = "Erased person"


def member_accounts(actor: User, workspace: Workspace, member_id: int) -> list[Identity]:
    """Return the accounts of a member that is about to be erased, and lock the merges.

    Nobody can merge or part members of WORKSPACE until the transaction ends.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        AdminOnlyError: ACTOR is in it as a member.
        MemberNotFoundError: there is no such member in WORKSPACE, or it was erased before.
    """
    require_admin(actor, workspace)
    merges_lock(workspace.pk)
    accounts = workspace.identities.filter(member=member_id, member__erased_at=None)
    found = list(accounts.order_by("external_id"))
    if not found:
        raise MemberNotFoundError(_("There is no such member."))
    return found


def member_erase(
    *, actor: User, workspace: Workspace, accounts: Sequence[Identity], with_bodies: bool
) -> None:
    """Empty the rows of a member and its accounts for good, inside the caller's transaction.

    The emptied accounts stay one member, which remains the author of its messages.

    Args:
        accounts: as `member_accounts` returned them.
        with_bodies: whether later messages of these accounts are stored without text.
    """
    journal_write(accounts_empty(workspace, accounts, is_silenced=with_bodies))
    audit(workspace, actor, "member.erased", accounts[0].member, with_bodies=with_bodies)


def accounts_empty(
    workspace: Workspace, accounts: Sequence[Identity], *, is_silenced: bool
) -> ErasureList:
    """Empty accounts and their home members, inside the caller's transaction.

    Args:
        is_silenced: whether later messages of these accounts are stored without text.

    Returns: what they can be recognised by.
    """
    erasures_lock(workspace.pk)
    ids = [account.pk for account in accounts]
    homes = [account.home_member_id for account in accounts]
    locked = Identity.objects.filter(pk__in=ids).order_by("external_id")
    known = erased_people_begun(workspace.pk)
    erased, texts = [], set[str]()
    for account in locked.select_for_update(no_key=True):
        own, *others = _remember(known, account)
        erased.append(ErasedAccount(own, account.provider, is_silenced))
        texts.update(others)
        _empty(account, known, is_silenced=is_silenced)
    members = Member.objects.filter(pk__in=homes).order_by("pk")
    for member in members.select_for_update(no_key=True):
        _empty_member(member)
    summaries = MemberSummary.objects.filter(member__in=homes)
    summaries.update(organization="", organization_key="")
    _forget_reasons(ids, homes)
    return ErasureList(workspace.slug, known.secret, tuple(erased), tuple(sorted(texts)))


def _remember(known: ErasedPeople, account: Identity) -> list[str]:
    """Store the digests of an account, and return them, that of its key first."""
    digests = [known.digest(text) for text in texts_of(account)]
    for index, digest in enumerate(digests):
        ErasedKey.objects.get_or_create(
            workspace_id=account.workspace_id,
            digest=digest,
            defaults={"identity": account if index == 0 else None},
        )
    return digests


def _empty(account: Identity, known: ErasedPeople, *, is_silenced: bool) -> None:
    # The digest of the row's id, and not of the account's key: that digest is an ErasedKey.
    account.external_id = known.digest(f"row:{account.pk}")
    for name in ("node_id", "username", "name", "email", "avatar_url", "url"):
        setattr(account, name, "")
    account.links, account.is_email_verified = [], False
    account.is_silenced = is_silenced
    account.profile_read_at = timezone.now()
    account.save()


def _empty_member(member: Member) -> None:
    member.display_name = ERASED_NAME
    for name in ("avatar_url", "bio", "company", "location"):
        setattr(member, name, "")
    member.tags, member.is_locked = [], True
    member.erased_at = timezone.now()
    member.save()


def _forget_reasons(ids: Sequence[int], homes: Sequence[int]) -> None:
    merges = MemberMerge.objects.filter(Q(kept__in=homes) | Q(merged__in=homes))
    merges.update(evidence=[])
    MergeSuggestion.objects.filter(Q(first__in=homes) | Q(second__in=homes)).delete()
    MemberNote.objects.filter(member__in=homes).delete()
    MatchKey.objects.filter(identity__in=ids).delete()
    StatedAccount.objects.filter(Q(identity__in=ids) | Q(account__in=ids)).delete()
