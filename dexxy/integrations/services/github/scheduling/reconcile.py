"""Compare an installation with GitHub: still there, with these permissions and repositories?

Webhooks say so at once; this finds what they did not, and is all there is without them. It also
finds what they said and is not so: whoever has the secret can say anything, and replay what was so.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.accounts.models import Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import Credential, GitHubInstallation
from dexxy.integrations.services.github.access.app import installation_described
from dexxy.integrations.services.github.access.installations import (
    installation_changed,
    installation_delete,
    installation_fields,
    installation_of,
)
from dexxy.integrations.services.github.access.lease import Lease, LeaseLostError
from dexxy.integrations.services.github.access.renames import repository_rename
from dexxy.integrations.services.github.access.repository_state import (
    access_lost,
    access_regained,
)
from dexxy.integrations.services.github.access.tokens import installation_client
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github_client import GitHubClient
from dexxy.outgoing.privacy import source_visibility_note

log = structlog.get_logger()

EVERY = timedelta(hours=1)
# After something that may pass by itself.
RETRY_LATER = timedelta(minutes=5)
# After a webhook, which is believed until then: GitHub may answer a few seconds behind it.
SOON = timedelta(seconds=30)
# However often somebody asks for it.
ASKED_EVERY = timedelta(minutes=1)
PAGE = 100
_NOT_LISTED = gettext_noop(
    "The GitHub App may not read it. Give it access in the App's settings on GitHub,"
    " or disconnect the repository."
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository that an installation reaches.

    Args:
        is_private: on GitHub, whoever sees it here.
        node_id: under which GraphQL finds it; '' where the list does not tell.
    """

    github_id: int
    full_name: str
    url: str
    is_private: bool
    is_archived: bool
    description: str
    node_id: str


class IncompleteListError(errors.GitHubError):
    """A list changed while its pages were read: what is not on them may be there all the same."""

    code = "incomplete_list"
    retryable = True


def reconciles_do(credential: Credential, lease: Lease) -> None:
    """Compare with GitHub what is due of CREDENTIAL; a failure is logged, and due again soon.

    Raises:
        RateLimitedError: GitHub wants a pause.
        LeaseLostError: another process has taken over.
    """
    for installation in GitHubInstallation.objects.due().filter(credential=credential).only("pk"):
        try:
            installation_reconcile(installation.pk, lease)
        except (errors.RateLimitedError, LeaseLostError):
            raise
        except Exception as error:
            # A defect of ours must not keep the credential's repositories from being read.
            if not isinstance(error, DexxyError):
                log.exception("reconcile crashed", installation=installation.pk)
            log.warning("not reconciled", installation=installation.pk, error=str(error))


def installation_reconcile(installation_pk: int, lease: Lease) -> None:
    """Store what GitHub says of an installation now, and which repositories it reaches.

    Args:
        lease: of its credential.

    Raises:
        GitHubError: GitHub could not be asked; it is due again soon.
        LeaseLostError: another process has taken over.
    """
    # One that is said to be deleted is asked for, too: that may be a lie.
    linked = GitHubInstallation.objects.linked().select_related("app")
    found = linked.filter(pk=installation_pk).first()
    if found is None or found.app is None:
        GitHubInstallation.objects.filter(pk=installation_pk).update(reconcile_at=None)
        return
    next_at = timezone.now() + RETRY_LATER
    try:
        if _account_reconcile(found):
            with installation_client(found) as client:
                listed_now = list(repositories_listed(client, before_page=lease.keep))
                _repositories_reconcile(found, listed_now, lease)
        next_at = timezone.now() + EVERY
    except errors.RateLimitedError as error:
        next_at = error.retry_at
        raise
    finally:
        # What became due meanwhile stays so.
        as_begun = GitHubInstallation.objects.filter(
            pk=installation_pk, reconcile_at=found.reconcile_at
        )
        as_begun.update(reconcile_at=next_at)


def reconcile_request(workspaces: Collection[Workspace], installation_id: int) -> Workspace | None:
    """Make an installation due of which somebody says that it changed.

    Args:
        installation_id: GitHub's number of it; anybody can name any.

    Returns: which of WORKSPACES is connected to it, if one is.
    """
    found = GitHubInstallation.objects.live().filter(
        workspace__in=workspaces, installation_id=installation_id
    )
    reconcile_ask(found)
    one = found.select_related("workspace").first()
    return one.workspace if one else None


def reconcile_ask(
    installations: QuerySet[GitHubInstallation], *, after: timedelta = timedelta(0)
) -> int:
    """Make INSTALLATIONS due, AFTER some time or a minute after somebody asked last.

    Returns: how many there are.
    """
    now = timezone.now()
    done = installations.filter(Q(reconcile_asked_for=None) | Q(reconcile_asked_for__lte=now))
    again = F("reconcile_asked_for") + ASKED_EVERY
    done.update(reconcile_asked_for=Greatest(now + after, again))
    # Both leave out what is NULL.
    return installations.update(reconcile_at=Least("reconcile_at", "reconcile_asked_for"))


def reconcile_soon(installations: QuerySet[GitHubInstallation]) -> None:
    """Make INSTALLATIONS due within a minute, because a webhook tells something of them.

    They are locked for the caller's transaction, in the order of their keys.
    """
    locked = installations.select_for_update(of=("self",)).order_by("pk")
    told = GitHubInstallation.objects.linked().filter(pk__in=[one.pk for one in locked])
    reconcile_ask(told, after=SOON)


def _account_reconcile(installation: GitHubInstallation) -> bool:
    """Store what the installation is. Returns whether its repositories can be read."""
    app, number = installation.app, installation.installation_id
    assert app is not None
    assert number is not None
    data = installation_described(app, number)
    with transaction.atomic():
        locked = installation_of(app, number)
        if locked is None:
            return False
        if data is None:
            installation_delete(locked)
            return False
        installation_changed(locked, installation_fields(app, data))
    return not locked.is_suspended


def repositories_listed(
    client: GitHubClient, before_page: Callable[[], object] = lambda: None
) -> Iterator[Listed]:
    """Read every repository that the client's installation reaches, all pages.

    Args:
        before_page: called before each request.

    Raises:
        IncompleteListError: at the end, if there must be more than were read.
        GitHubError: GitHub could not be asked.
    """
    # https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation
    page, seen, total = "installation/repositories", set[int](), 0
    parameters: dict[str, str | int] | None = {"per_page": PAGE}
    while page:
        before_page()
        answer = client.get(page, parameters)
        with answer_shape("list of repositories"):
            total = answer.data["total_count"]
            rows = [listed(one) for one in answer.data["repositories"]]
        for row in rows:
            if row.github_id not in seen:
                seen.add(row.github_id)
                yield row
        page, parameters = answer.next_page, None
    if len(seen) < total:
        raise IncompleteListError(
            gettext_noop("GitHub's list of repositories changed while it was read.")
        )


def listed(data: dict[str, Any]) -> Listed:
    """Read a repository of a list.

    Args:
        data: https://docs.github.com/en/rest/repos/repos#get-a-repository
    """
    return Listed(
        github_id=data["id"],
        full_name=data["full_name"],
        url=data["html_url"],
        is_private=bool(data.get("private")),
        is_archived=bool(data.get("archived")),
        description=data.get("description") or "",
        node_id=data.get("node_id") or "",
    )


@transaction.atomic
def _repositories_reconcile(
    installation: GitHubInstallation, found: list[Listed], lease: Lease
) -> None:
    lease.renew()
    by_id = {one.github_id: one for one in found}
    for repository in installation.repositories.followed().select_related("source").order_by("pk"):
        now = by_id.get(repository.github_id)
        if now is not None:
            repository_rename(repository, now.full_name, now.url)
            source_visibility_note(repository.source_id, is_private=now.is_private)
    followed = installation.repositories.followed()
    # Of what was lost before, somebody has said why.
    lost = followed.exclude(github_id__in=list(by_id)).filter(access_lost_at=None)
    back = followed.filter(github_id__in=list(by_id)).exclude(access_lost_at=None)
    lost_count, back_count = access_lost(lost, _NOT_LISTED), access_regained(back)
    if lost_count or back_count:
        log.info(
            "repositories reconciled",
            account=installation.account_login,
            lost=lost_count,
            back=back_count,
        )
