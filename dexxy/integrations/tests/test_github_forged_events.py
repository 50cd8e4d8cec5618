"""What somebody with the secret makes up about an account, or replays, does not last."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
    WebhookDelivery,
)
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import credential_work
from dexxy.sources.models import Source
from dexxy_simulator.model import Installation, Repository
from dexxy_simulator.world import World
from tests.factories import WEBHOOK_SECRET
from tests.github_app import described
from tests.webhooks import send

pytestmark = pytest.mark.django_db(transaction=True)

Forge = Callable[..., None]


@pytest.fixture
def followed(
    linked: GitHubInstallation, workspace: Workspace, alice: User, nest: Repository
) -> GitHubRepository:
    """The organisation's private repository, read to its end."""
    repository = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=nest.database_id
    )
    work(linked)
    repository.refresh_from_db()
    assert repository.sync_status == SyncStatus.ACTIVE
    return repository


@pytest.fixture
def forge(github_app: GitHubApp, installed: Installation) -> Forge:
    """Send a well-signed event, and let a worker apply it."""
    github_app.webhook_secret = WEBHOOK_SECRET
    github_app.save()
    github_app.refresh_from_db()

    def forge(event: str, action: str, **payload: Any) -> None:
        body = {"installation": described(installed), "action": action, **payload}
        assert send(github_app, body, event=event).status_code == 202
        deliveries_drain(seconds=10)
        assert WebhookDelivery.objects.latest("pk").state == "done"

    return forge


def work(installation: GitHubInstallation) -> None:
    """Let a worker do all that is due on an installation's credential."""
    assert installation.credential_id is not None
    while credential_work(credential_id=installation.credential_id, seconds=10):
        pass


def a_minute_passes(installation: GitHubInstallation) -> None:
    """Let the clock go on for a minute, and a worker do what is due by then."""
    minute = timedelta(minutes=1)
    GitHubInstallation.objects.update(
        reconcile_at=F("reconcile_at") - minute,
        reconcile_asked_for=F("reconcile_asked_for") - minute,
    )
    work(installation)


def known(repository: GitHubRepository) -> dict[str, Any]:
    """Return what is known of the account and the repository."""
    accounts = GitHubInstallation.objects.values(
        "account_login", "is_suspended", "deleted_at", "permissions"
    )
    repositories = GitHubRepository.objects.values(
        "full_name", "sync_status", "sync_error", "access_lost_at", "source__url"
    )
    account = accounts.get(pk=repository.installation_id)
    return {**account, **repositories.get(pk=repository.pk)}


def _of(repository: GitHubRepository, full_name: str) -> dict[str, Any]:
    owner, _, _ = full_name.partition("/")
    return {
        "id": repository.github_id,
        "full_name": full_name,
        "html_url": f"https://github.example/{full_name}",
        "owner": {"login": owner},
    }


FORGED: dict[str, Callable[[Forge, GitHubRepository], None]] = {
    "deleted": lambda forge, _: forge("installation", "deleted"),
    "suspend": lambda forge, _: forge("installation", "suspend"),
    "permissions": lambda forge, repository: forge(
        "installation",
        "new_permissions_accepted",
        installation={"id": repository.installation.installation_id, "permissions": {}},
    ),
    "removed": lambda forge, repository: forge(
        "installation_repositories", "removed", repositories_removed=[{"id": repository.github_id}]
    ),
    "account": lambda forge, repository: forge(
        "installation_target",
        "renamed",
        account={"id": repository.installation.account_id, "login": "rival"},
    ),
    "renamed": lambda forge, one: forge("repository", "renamed", repository=_of(one, "colony/x")),
    "gone": lambda forge, one: forge("repository", "deleted", repository=_of(one, "colony/nest")),
    "transferred": lambda forge, one: forge(
        "repository", "transferred", repository=_of(one, "rival/nest"), installation={"id": 1}
    ),
}


@pytest.mark.in_turns(2)
@pytest.mark.parametrize("lie", FORGED)
def test_a_lie_is_over_within_a_minute(
    forge: Forge, followed: GitHubRepository, linked: GitHubInstallation, lie: str
) -> None:
    before = known(followed)

    FORGED[lie](forge, followed)
    assert known(followed) != before
    a_minute_passes(linked)

    assert known(followed) == before


def test_a_lie_opens_no_private_repository_and_leads_no_link_elsewhere(
    forge: Forge, followed: GitHubRepository, linked: GitHubInstallation
) -> None:
    url = followed.source.url
    lie = {**_of(followed, "colony/nest"), "private": False, "html_url": "javascript:alert(1)"}

    forge("repository", "publicized", repository=lie)

    followed.source.refresh_from_db()
    assert (followed.source.visibility.is_private, followed.source.url) == (True, url)
    forge("repository", "renamed", repository={**lie, "full_name": "colony/other"})
    followed.source.refresh_from_db()
    assert followed.source.url == url.replace("colony/nest", "colony/other")


def test_what_nobody_can_be_called_is_no_name(
    github_app: GitHubApp, forge: Forge, followed: GitHubRepository, installed: Installation
) -> None:
    before, account = known(followed), installed.account.database_id

    for name in ("", "nest", "https:", "javascript:alert(1)", "a/b/c", "colony/..", "a b/c", 7):
        repository = _of(followed, "colony/nest") | {"full_name": name}
        lie: dict[str, Any] = {"action": "renamed", "installation": described(installed)}
        send(github_app, {**lie, "repository": repository}, event="repository")
    for login in ("", "https:", "a/b", "..", "a b", 7):
        lie = {"action": "renamed", "account": {"id": account, "login": login}}
        send(github_app, lie, event="installation_target")
    deliveries_drain(seconds=10)

    assert known(followed) == before
    assert list(WebhookDelivery.objects.values_list("attempts", flat=True)) == [1] * 14


def test_a_name_that_is_a_part_of_the_address_is_put_at_its_end_alone(
    forge: Forge, followed: GitHubRepository
) -> None:
    Source.objects.filter(pk=followed.source_id).update(url="https://github.com/colony/nest")

    for name in ("github.com/github.com", "evil.example/nest"):
        forge("repository", "renamed", repository=_of(followed, name))

    followed.source.refresh_from_db()
    assert followed.source.url == "https://github.com/evil.example/nest"


def test_a_replay_of_what_was_so_is_over_within_a_minute(
    forge: Forge,
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
) -> None:
    first = described(installed)
    world.uninstall(installed)
    forge("installation", "deleted")

    forge("installation", "created", installation=first)
    forge("installation", "unsuspend", installation=first)
    forge("installation_repositories", "added", repositories_added=[{"id": followed.github_id}])
    a_minute_passes(linked)

    linked.refresh_from_db()
    assert (linked.deleted_at is not None, linked.reconcile_at) == (True, None)
    assert known(followed)["sync_status"] == SyncStatus.DISABLED


def test_what_is_true_stays(
    forge: Forge,
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
) -> None:
    world.suspend(installed)
    forge("installation", "suspend")
    told = known(followed)
    assert told["is_suspended"]

    a_minute_passes(linked)

    assert known(followed) == told


def test_however_many_events_come_github_is_asked_once_a_minute(
    forge: Forge, followed: GitHubRepository, linked: GitHubInstallation
) -> None:
    granted = set()
    for _ in range(3):
        forge("installation", "suspend")
        forge("installation", "unsuspend")
        linked.refresh_from_db()
        granted.add(linked.reconcile_at)

    [at] = granted
    assert at is not None
    assert timedelta(seconds=20) < at - timezone.now() <= timedelta(seconds=60)
