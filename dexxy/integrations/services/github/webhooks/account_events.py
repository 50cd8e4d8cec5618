"""Handlers of webhooks about accounts, installations and repositories: who may read what.

Which event each handler is for stands in `events.py`.

What an event says is believed at once and checked soon after: see `scheduling/reconcile.py`.
Rows are found by GitHub's numbers; names are labels. A repository may be followed by several
workspaces, each with a row of its own: an event is about the installation that it names.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from django.utils.translation import gettext_noop

from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.access.installations import (
    app_lock,
    installation_changed,
    installation_delete,
    installation_fields,
    installation_of,
    installation_suspend,
    installation_unsuspend,
)
from dexxy.integrations.services.github.access.renames import (
    account_rename,
    repository_rename,
)
from dexxy.integrations.services.github.access.repository_state import (
    Repositories,
    access_lost,
    access_regained,
    changes_missed,
    repositories_locked,
)
from dexxy.integrations.services.github.api.values import full_name_of, login_of
from dexxy.integrations.services.github.scheduling.reconcile import reconcile_soon
from dexxy.integrations.services.github.webhooks.handler_contract import Event
from dexxy.integrations.services.github.webhooks.repository_events import repository_counts_told
from dexxy.outgoing.privacy import source_visibility_note

# Lost, unless it comes back: https://docs.github.com/en/rest/repos/repos#delete-a-repository
_DELETED = gettext_noop("It was deleted on GitHub. Disconnect it; what was read of it stays.")
_TAKEN_OUT = gettext_noop(
    "The GitHub App may not read it any more. Give it access again in the App's settings"
    " on GitHub, or disconnect the repository."
)


def on_installation(event: Event) -> bool:
    """Note that the App may read an account, may not any more, or may do more there."""
    data = event.payload.get("installation")
    if not data:
        return False  # Whose access has changed cannot be told.
    if event.action == "created":
        return _created(event)
    known = installation_of(event.app, data["id"])
    if known is None:
        return False
    if event.action == "deleted":
        installation_delete(known)
    elif event.action == "suspend":
        installation_suspend(known)
    elif event.action == "unsuspend":
        installation_unsuspend(known)
    else:  # new_permissions_accepted
        installation_changed(known, {"permissions": data["permissions"]})
        access_regained(known.repositories.followed())
    _check_soon(known)
    return True


def _check_soon(installation: GitHubInstallation) -> None:
    reconcile_soon(GitHubInstallation.objects.filter(pk=installation.pk))


def _created(event: Event) -> bool:
    """Remember an installation: who may connect a workspace to it is found out at the sign-in."""
    fields = installation_fields(event.app, event.payload["installation"])
    app_lock(event.app)
    known = installation_of(event.app, fields["installation_id"])
    if known is not None:
        # The person came back from GitHub before this, or it was deleted since.
        permissions = fields["permissions"]
        installation_changed(known, {"permissions": permissions})
        _check_soon(known)
    else:
        GitHubInstallation.objects.create(**fields)
    return True


def on_installation_repositories(event: Event) -> bool:
    """Note which repositories of an account the App may read."""
    named = event.payload.get("installation")
    known = installation_of(event.app, named["id"]) if named else None
    if known is None:
        return False
    followed = known.repositories.followed()
    if event.action == "added":
        ids = [one["id"] for one in event.payload["repositories_added"]]
        access_regained(followed.filter(github_id__in=ids))
    else:
        ids = [one["id"] for one in event.payload["repositories_removed"]]
        # GitHub takes out what was deleted or transferred, too: who has said that knows better.
        access_lost(followed.filter(github_id__in=ids, access_lost_at=None), _TAKEN_OUT)
    _check_soon(known)
    return True


def on_installation_target(event: Event) -> bool:
    """Note the new name of an account."""
    account, server = event.payload["account"], event.app.server
    reconcile_soon(GitHubInstallation.objects.filter(server=server, account_id=account["id"]))
    login = login_of(account["login"])
    account_rename(server=server, account_id=account["id"], login=login)
    return True


def on_repository(event: Event) -> bool:
    """Note that a repository has another name, owner or visibility, or is gone."""
    data, named = event.payload["repository"], event.payload.get("installation")
    if not named:
        return False  # Whose access has changed cannot be told.
    is_transfer = event.action == "transferred"
    having = event.app.installations.filter(repositories__github_id=data["id"])
    # Their locks come before those of their repositories.
    reconcile_soon(having if is_transfer else having.filter(installation_id=named["id"]))
    rows = _of_app(event, data["id"])
    theirs = rows.filter(installation__installation_id=named["id"])
    # It is sent to the new owner alone: every other installation has lost it.
    told = rows if is_transfer else theirs
    for row in told.select_related("source").order_by("pk"):
        # Not at the address that it tells: a link would lead wherever a lie says, also in mails.
        repository_rename(row, full_name_of(data["full_name"]))
        # What leaves a workspace by itself cannot be called back: that a repository is public is
        # believed when GitHub says so, within a minute.
        if data.get("private"):
            source_visibility_note(row.source_id, is_private=True)
    followed = theirs.followed()
    if event.action == "deleted":
        access_lost(followed, _DELETED)
    elif is_transfer:
        access_lost(
            rows.followed().exclude(installation__installation_id=named["id"]),
            gettext_noop(
                "It was transferred to {account}. Connect that account's repositories in a"
                " workspace of their own, or disconnect it here."
            ).format(account=data["owner"]["login"]),
        )
    elif event.action in {"privatized", "publicized"}:
        # Who may read it has changed: the next sync finds out for whom.
        changes_missed(followed)
    if event.action != "deleted":
        repository_counts_told(event)
    return told.exists()


def _of_app(event: Event, github_id: int) -> Repositories:
    """Lock a repository wherever it is, or was, followed through the event's App."""
    return repositories_locked(
        GitHubRepository.objects.filter(installation__app=event.app, github_id=github_id)
    )


def nothing_to_do(event: Event) -> bool:
    """Take an event that is worked off by being in the inbox."""
    return True
