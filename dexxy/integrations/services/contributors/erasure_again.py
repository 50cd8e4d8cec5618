"""Erase again whom a restored backup brought back, and keep out whom it never knew."""

from collections.abc import Iterable

from django.db import transaction

from dexxy.accounts.models import Workspace
from dexxy.accounts.services import audit
from dexxy.integrations.services.contributors.erasure import deliveries_forget
from dexxy.members.erasure.again import absent_remember, accounts_listed, secret_adopt
from dexxy.members.erasure.erasing import accounts_empty
from dexxy.members.erasure.lists import ErasureList
from dexxy.members.merges.components import merges_lock
from dexxy.messages.erasure import accounts_unname, bodies_erase, co_authors_erase
from dexxy.outgoing.erasure import deliveries_unname


@transaction.atomic
def erasures_play_back(lists: Iterable[ErasureList]) -> int:
    """Do all erasures of some lists that this database has not seen.

    A list of a workspace that is not here says nothing about anybody here. One whose digests
    are made with another HMAC key than the workspace's empties who is here; who is not cannot be
    remembered.

    Returns: how many accounts were emptied, or kept out, now.
    """
    return sum(_play_back(one) for one in lists)


def _play_back(erased: ErasureList) -> int:
    workspace = Workspace.objects.filter(slug=erased.workspace).first()
    if workspace is None:
        return 0
    is_same_secret = secret_adopt(workspace, erased)
    merges_lock(workspace.pk)
    emptied = 0
    for is_silenced, accounts in accounts_listed(workspace, erased).items():
        deliveries_forget(workspace, accounts)
        emails = [account.email for account in accounts]
        accounts_empty(workspace, accounts, is_silenced=is_silenced)
        co_authors_erase(workspace.pk, emails)
        accounts_unname(workspace.pk, accounts)
        deliveries_unname(workspace.pk, accounts)
        if is_silenced:
            bodies_erase(workspace.pk, [account.pk for account in accounts])
        audit(workspace, None, "member.erased", accounts[0].member, with_bodies=is_silenced)
        emptied += len(accounts)
    return emptied + (absent_remember(workspace, erased) if is_same_secret else 0)
