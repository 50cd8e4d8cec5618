"""Erase again, in a database that was restored, whom a list says to have been erased."""

from collections import defaultdict

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.common.crypto import UndecryptableSecretError
from dexxy.members.erasure.digests import account_text, digest_of
from dexxy.members.erasure.erasing import ERASED_NAME
from dexxy.members.erasure.lists import ErasedAccount, ErasureList
from dexxy.members.models import ErasedKey, ErasureSecret, Identity, Member


def secret_adopt(workspace: Workspace, erased: ErasureList) -> bool:
    """Take the HMAC key of a list for WORKSPACE's, if that has none that can be read.

    Returns: whether the digests of WORKSPACE are made with it now.
    """
    stored = ErasureSecret.objects.filter(workspace=workspace).first()
    try:
        known = stored.secret.read() if stored else ""
    except UndecryptableSecretError:
        known = ""
    if not known:
        ErasureSecret.objects.update_or_create(
            workspace=workspace, defaults={"secret": erased.secret}
        )
    return known in ("", erased.secret)


def accounts_listed(workspace: Workspace, erased: ErasureList) -> dict[bool, list[Identity]]:
    """Return the accounts of WORKSPACE that a list has and that are not empty.

    Returns: by whether they are silenced.
    """
    emptied = _emptied(workspace)
    wanted = {one.digest: one for one in erased.accounts if one.digest not in emptied}
    found: defaultdict[bool, list[Identity]] = defaultdict(list)
    if not wanted:
        return found
    for account in workspace.identities.order_by("external_id").iterator():
        text = account_text(account.provider, account.external_id)
        listed = wanted.get(digest_of(text, erased.secret))
        if listed is not None:
            found[listed.is_silenced].append(account)
    return found


def absent_remember(workspace: Workspace, erased: ErasureList) -> int:
    """Remember all of a list who are not in WORKSPACE, so that they do not come into it.

    Its digests must be made with WORKSPACE's HMAC key.

    Returns: how many accounts that are.
    """
    emptied = _emptied(workspace)
    absent = [one for one in erased.accounts if one.digest not in emptied]
    for one in absent:
        ErasedKey.objects.update_or_create(
            workspace=workspace,
            digest=one.digest,
            defaults={"identity": _emptied_account(workspace, one, erased.secret)},
        )
    texts = [ErasedKey(workspace=workspace, digest=digest) for digest in erased.texts]
    ErasedKey.objects.bulk_create(texts, ignore_conflicts=True)
    return len(absent)


def _emptied(workspace: Workspace) -> set[str]:
    """Return the digests of the emptied accounts of WORKSPACE."""
    keys = ErasedKey.objects.filter(workspace=workspace, identity__isnull=False)
    return set(keys.values_list("digest", flat=True))


def _emptied_account(workspace: Workspace, erased: ErasedAccount, secret: str) -> Identity:
    """Make the emptied account that stands for one that was never in this database."""
    now = timezone.now()
    member = Member.objects.create(
        workspace=workspace, display_name=ERASED_NAME, is_locked=True, erased_at=now
    )
    return Identity.objects.create(
        workspace=workspace,
        provider=erased.provider,
        external_id=digest_of(f"row:{erased.digest}", secret),
        member=member,
        home_member=member,
        version_at=now,
        profile_read_at=now,
        is_silenced=erased.is_silenced,
    )
