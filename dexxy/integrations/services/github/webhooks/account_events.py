"""Handlers of webhooks about accounts, installations and repositories: who may read what.

Which event each handler is for stands in `events.py`.

Rows are found by GitHub's numbers; names are labels. A repository may be followed by several
workspaces, each with a row of its own: an event is about the installation that it names.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

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
from dexxy.integrations.services.github.webhooks.handler_contract import Event

# Lost, unless it comes back: https://docs.github.com/en/rest/repos/repos#delete-a-repository
_DELETED = "It was deleted on GitHub. Disconnect it; what was read of it stays."
_TAKEN_OUT = (
    "The GitHub App may not read it any more. Give it access again in the App's settings"
    " on GitHub, or disconnect the repository."
)


def on_installation(event: Event) -> bool:
    """Note that the App may read an account, may not any more, or may do more there."""
    data = event.payload["installation"]
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
    return True


def _created(event: Event) -> bool:
    """Remember an installation: who may connect a workspace to it is found out at the sign-in."""
    fields = installation_fields(event.app, event.payload["installation"])
    app_lock(event.app)
    known = installation_of(event.app, fields["installation_id"])
    if known is not None:
        # The person came back from GitHub before this, or it was deleted since.
        permissions = fields["permissions"]
        installation_changed(known, {"permissions": permissions})
    else:
        GitHubInstallation.objects.create(**fields)
    return True


def on_installation_repositories(event: Event) -> bool:
    """Note which repositories of an account the App may read."""
    known = installation_of(event.app, event.payload["installation"]["id"])
    if known is None:
        return False
    followed = known.repositories.followed()
    if event.action == "added":
        ids = [one["id"] for one in event.payload["repositories_added"]]
        access_regained(followed.filter(github_id__in=ids))
    else:
        ids = [one["id"] for one in event.payload["repositories_removed"]]
        access_lost(followed.filter(github_id__in=ids), _TAKEN_OUT)
    return True


def on_installation_target(event: Event) -> bool:
    """Note the new name of an account."""
    account = event.payload["account"]
    account_rename(server=event.app.server, account_id=account["id"], login=account["login"])
    return True


def on_repository(event: Event) -> bool:
    """Note that a repository has another name, owner or visibility, or is gone."""
    data, named = event.payload["repository"], event.payload.get("installation")
    if not named:
        return False  # Whose access has changed cannot be told.
    installation_of(event.app, named["id"])  # Its lock comes before those of its repositories.
    rows = _of_app(event, data["id"])
    theirs = rows.filter(installation__installation_id=named["id"])
    # It is sent to the new owner alone: every other installation has lost it.
    told = rows if event.action == "transferred" else theirs
    for row in told.select_related("source").order_by("pk"):
        repository_rename(row, data["full_name"], data["html_url"])
    followed = theirs.followed()
    if event.action == "deleted":
        access_lost(followed, _DELETED)
    elif event.action == "transferred":
        access_lost(
            rows.followed().exclude(installation__installation_id=named["id"]),
            f"It was transferred to {data['owner']['login']}. Connect that account's repositories"
            " in a workspace of their own, or disconnect it here.",
        )
    elif event.action in {"privatized", "publicized"}:
        # Who may read it has changed: the next sync finds out for whom.
        changes_missed(followed)
    return told.exists()


def _of_app(event: Event, github_id: int) -> Repositories:
    """Lock a repository wherever it is, or was, followed through the event's App."""
    return repositories_locked(
        GitHubRepository.objects.filter(installation__app=event.app, github_id=github_id)
    )


def nothing_to_do(event: Event) -> bool:
    """Take an event that is worked off by being in the inbox."""
    return True
