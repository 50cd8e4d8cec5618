"""Erase a person: one service for everything that any app stores about them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.common.sql import execute
from dexxy.integrations.models import GitHubInstallation
from dexxy.kept.pictures import pictures_expire
from dexxy.members.erasure.erasing import member_accounts, member_erase
from dexxy.members.models import Identity
from dexxy.messages.changes.noting import members_note
from dexxy.messages.erasure import accounts_unname, bodies_erase, co_authors_erase
from dexxy.messages.models import ChangeKind
from dexxy.outgoing.erasure import deliveries_unname
from dexxy.people.bulk_tasks import bulk_tasks_forget
from dexxy.people.export_keeping import exports_expire

# Payloads name an account by an object with `id` and `login`, at any depth:
# https://docs.github.com/en/webhooks/webhook-events-and-payloads
# A pending delivery of an installation is emptied, too: any delivery may be lost, and the next sync
# reads the same from GitHub. A pending delivery without an installation is kept until it is worked
# off: it may say that somebody revoked their authorization, and nothing else would say that.
_FORGET_DELIVERIES = """
UPDATE integrations_webhookdelivery d
SET payload = '{}', state = 'done', error = '', processed_at = coalesce(processed_at, now()),
    updated_at = now()
FROM integrations_githubapp a
WHERE a.id = d.app_id AND a.server = %(server)s
  AND (d.installation_id = ANY(%(installations)s)
       OR (d.installation_id IS NULL AND d.state <> 'pending'))
  AND d.payload @? %(names)s::jsonpath
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows were emptied, of each kind."""

    accounts: int
    bodies: int
    deliveries: int


@transaction.atomic
def person_erase(
    *, actor: User, workspace: Workspace, member_id: int, with_bodies: bool = False
) -> Erased:
    """Erase all personal data of a member for good; the next sync does not bring it back.

    Args:
        actor: an administrator of WORKSPACE.
        member_id: of the member as it is today; all members merged into it are erased with it.
        with_bodies: whether to empty their messages, too, those of the future included. The
            messages themselves stay, so that threads and counts stay true.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        AdminOnlyError: ACTOR is in it as a member.
        MemberNotFoundError: there is no such member in WORKSPACE, or it was erased before.
    """
    accounts = member_accounts(actor, workspace, member_id)
    # Deliveries first, because the worker that drains the inbox locks them before anything else,
    # and all writers take locks in one order (docs/adr/0015).
    deliveries = deliveries_forget(workspace, accounts)
    emails = [account.email for account in accounts]
    member_erase(actor=actor, workspace=workspace, accounts=accounts, with_bodies=with_bodies)
    co_authors_erase(workspace.pk, emails)
    accounts_unname(workspace.pk, accounts)
    deliveries_unname(workspace.pk, accounts)
    bodies, ids = 0, [account.pk for account in accounts]
    if with_bodies:
        bodies = bodies_erase(workspace.pk, ids)
    exports_expire(workspace.pk)
    bulk_tasks_forget(workspace.pk)
    pictures_expire()
    members_note(workspace.pk, ChangeKind.ERASED, ids)
    return Erased(len(accounts), bodies, deliveries)


def deliveries_forget(workspace: Workspace, accounts: Iterable[Identity]) -> int:
    """Empty the deliveries that name any of ACCOUNTS; return how many."""
    by_server: defaultdict[str, list[int]] = defaultdict(list)
    for account in accounts:
        if account.external_id.isascii() and account.external_id.isdigit():
            by_server[account.provider].append(int(account.external_id))
    return sum(
        execute(
            _FORGET_DELIVERIES,
            {
                "server": server,
                "installations": _installations(workspace, server),
                "names": _naming(external_id),
            },
        )
        for server, ids in sorted(by_server.items())
        for external_id in ids
    )


def _installations(workspace: Workspace, server: str) -> list[int]:
    """Return GitHub's ids of WORKSPACE's installations on SERVER; they are unique only there."""
    here = GitHubInstallation.objects.filter(workspace=workspace, server=server)
    numbers = here.values_list("installation_id", flat=True)
    return [number for number in numbers if number is not None]


def _naming(external_id: int) -> str:
    """Return a JSONPath that finds an account by its id, at any depth."""
    return f"$.** ? (@.id == {external_id} && exists(@.login))"
