"""A place has its own key; what it cannot read must be given again, and says so."""

import os
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.cli.tests.running import dexxy
from dexxy.doctor import State, examine
from dexxy.integrations.models import GitHubApp, GitHubInstallation, GitHubRepository, SyncStatus
from dexxy.integrations.services.github.access.app_settings import AppSettings
from dexxy.integrations.services.github.access.repository_state import access_lost
from dexxy.safekeeping.backup_file import backup_opened
from dexxy.safekeeping.enclosed_keys import WrongPassphraseError
from dexxy.safekeeping.manifest import KEYS
from dexxy.safekeeping.tests.making import back_up, bring_back
from tests.factories import make_app, make_installation, make_repository, make_source
from tests.servers import own_database
from tests.simulated import RECORDED
from tests.tables import everything

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_KEY = "the key of another place, which was made there"
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dexxy.backup"


@pytest.fixture
def repository(workspace: Workspace) -> GitHubRepository:
    make_installation(workspace=workspace, token="ghp_of_before")
    return make_repository(source=make_source(workspace=workspace, name="owner/repo"))


def token() -> str:
    return str(GitHubInstallation.objects.get().access_token.read())


def test_enclosed_keys_are_read_and_secrets_encrypted_with_the_key_of_the_place(
    file: Path, repository: GitHubRepository, settings: Settings
) -> None:
    back_up(file, passphrase=PASSPHRASE)
    settings.SECRET_KEY = OTHER_KEY
    with backup_opened(file) as backup:
        keys = backup.keys(PASSPHRASE)

    done = bring_back(file, keys=keys)

    assert (done.renewed, done.missing) == (1, [])
    assert token() == "ghp_of_before"
    repository.refresh_from_db()
    assert repository.sync_status == SyncStatus.ACTIVE


def test_a_wrong_passphrase_is_said_in_one_line_and_touches_nothing(
    file: Path, repository: GitHubRepository, tmp_path: Path
) -> None:
    back_up(file, passphrase=PASSPHRASE)
    before = everything()

    refused = dexxy(
        *("restore", str(file), "--force"),
        data_dir=tmp_path / "data",
        DEXXY_BACKUP_PASSPHRASE="wrong",
        REDIS_URL=os.environ["REDIS_URL"],
        **own_database(),
    )

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "dexxy: DEXXY_BACKUP_PASSPHRASE is not the passphrase of this backup: set the right one,"
        " or none to restore without the keys. Nothing was touched.\n"
    )
    assert everything() == before


def test_keys_are_in_no_backup_without_a_passphrase_and_in_none_readable(
    file: Path, repository: GitHubRepository, settings: Settings
) -> None:
    settings.SECRET_KEY = OTHER_KEY
    with backup_opened(back_up(file)) as backup:
        assert KEYS not in backup

    back_up(file, passphrase=PASSPHRASE)

    assert OTHER_KEY.encode() not in file.read_bytes()
    with backup_opened(file) as backup, pytest.raises(WrongPassphraseError):
        backup.keys(f"{PASSPHRASE} ")


def test_a_token_that_cannot_be_read_must_be_given_again(
    file: Path,
    repository: GitHubRepository,
    settings: Settings,
    client: Client,
    alice: User,
) -> None:
    slug = repository.source.workspace.slug
    back_up(file)
    settings.SECRET_KEY = OTHER_KEY

    [missing] = bring_back(file).missing

    assert missing == (
        "The token of owner is encrypted with a key that is not here any more. Give a token again:"
        f" run `dexxy sync owner/repo --token TOKEN --workspace {slug}`."
    )
    repository.refresh_from_db()
    assert (repository.sync_status, repository.sync_error) == (SyncStatus.DISABLED, missing)
    assert repository.next_sync_at is None
    client.force_login(alice)
    page = client.get(f"/w/{slug}/repositories/")
    assert page.status_code == 200
    assert "Give a token again" in page.content.decode()
    failed = {finding.name for finding in examine() if finding.state is State.FAILED}
    assert {"Secret keys", "Repository owner/repo"} <= failed


def test_a_key_that_is_found_later_is_enough(
    file: Path, repository: GitHubRepository, settings: Settings
) -> None:
    back_up(file)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    found, settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        settings.SECRET_KEY_FALLBACKS,
        [],
        OTHER_KEY,
    )
    bring_back(file)

    settings.SECRET_KEY_FALLBACKS = found

    assert token() == "ghp_of_before"


def test_the_keys_of_a_lost_app_must_be_given_again_and_its_tokens_are_asked_for(
    file: Path, workspace: Workspace, settings: Settings
) -> None:
    make_installation(workspace=workspace, token="ghs_of_before", app=make_app())
    GitHubInstallation.objects.update(token_expires_at=timezone.now())
    repository = make_repository(source=make_source(workspace=workspace))
    back_up(file)
    settings.SECRET_KEY = OTHER_KEY

    [missing] = bring_back(file).missing

    repository.refresh_from_db()
    assert "The keys of the GitHub App are encrypted with a key that is not here" in missing
    assert (repository.sync_status, repository.sync_error) == (SyncStatus.DISABLED, missing)
    assert token() == ""


def test_an_app_of_the_environment_needs_nothing(
    file: Path, workspace: Workspace, settings: Settings
) -> None:
    settings.DEXXY_GITHUB_APP = AppSettings(7, "Iv1.client", "its secret", "its key", "hook")
    app = make_app(app_id=7)
    make_installation(workspace=workspace, app=app)
    back_up(file)
    settings.SECRET_KEY = OTHER_KEY

    assert bring_back(file).missing == []

    assert GitHubApp.objects.get().private_key.read() == "its key"


def test_a_token_that_is_given_again_reads_all_that_the_last_one_lost(
    connected: GitHubRepository, workspace: Workspace
) -> None:
    from dexxy.integrations.services.github.api.server import GitHubServer
    from dexxy.integrations.services.github.connecting.by_token import (
        repository_connect_by_token,
    )
    from dexxy_simulator.tokens import DEMO_TOKEN

    other = make_repository(source=make_source(workspace=workspace, name="owner/other"))
    access_lost(GitHubRepository.objects.all(), "The token is lost.")
    installation = connected.installation
    server = GitHubServer(installation.api_url, installation.graphql_url, installation.web_url)

    repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=server
    )

    for one in (connected, other):
        one.refresh_from_db()
        assert (one.sync_status, one.sync_error) == (SyncStatus.PENDING, "")
        assert one.next_sync_at
