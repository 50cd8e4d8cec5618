"""Erase a person: one action for all that is stored of them anywhere."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.common.sql import execute
from dexxy.integrations.models import GitHubInstallation
from dexxy.members.erasure.erasing import member_accounts, member_erase
from dexxy.members.models import Identity
from dexxy.messages.erasing import bodies_erase

# A webhook names an account by an object with its id and login, wherever it stands:
# https://docs.github.com/en/webhooks/webhook-events-and-payloads
# One that was not worked off yet is lost with that, as any may be: the next sync finds the same.
# Only that somebody takes an authorization back, which is of no installation, has to happen first.
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
    """What was emptied."""

    accounts: int
    bodies: int
    deliveries: int


@transaction.atomic
def person_erase(
    *, actor: User, workspace: Workspace, member_id: int, with_bodies: bool = False
) -> Erased:
    """Erase all that is stored of a person, for good, and keep the next sync from bringing it back.

    Args:
        with_bodies: what they wrote, too, now and from now on. That they wrote it stays.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        AdminOnlyError: ACTOR is in it as a member.
        MemberNotFoundError: it is not a member of WORKSPACE, or was erased before.
    """
    accounts = member_accounts(actor, workspace, member_id)
    # First of all: who works deliveries off locks them before anything else.
    deliveries = _deliveries_forget(workspace, accounts)
    member_erase(actor=actor, workspace=workspace, accounts=accounts, with_bodies=with_bodies)
    bodies = 0
    if with_bodies:
        bodies = bodies_erase(workspace.pk, [account.pk for account in accounts])
    return Erased(len(accounts), bodies, deliveries)


def _deliveries_forget(workspace: Workspace, accounts: Iterable[Identity]) -> int:
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
    """Return the numbers of WORKSPACE's installations: each server counts its own from one."""
    here = GitHubInstallation.objects.filter(workspace=workspace, server=server)
    numbers = here.values_list("installation_id", flat=True)
    return [number for number in numbers if number is not None]


def _naming(external_id: int) -> str:
    return f"$.** ? (@.id == {external_id} && exists(@.login))"
