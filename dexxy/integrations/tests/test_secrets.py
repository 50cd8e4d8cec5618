"""What is stored encrypted is decrypted where somebody reads it, and nowhere else."""

import json

import pytest
from django.core import serializers
from django.db import connection
from pytest_django import Settings

from dexxy.accounts.models import Workspace
from dexxy.common.crypto import Secret, UndecryptableSecretError
from dexxy.integrations.models import GitHubInstallation
from tests.factories import make_installation

TOKEN = "ghp_notForAnybody"


def stored() -> str:
    """Return the token as the table holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM integrations_githubinstallation")
        (text,) = cursor.fetchone()
    assert isinstance(text, str)
    return text


@pytest.fixture
def installation(workspace: Workspace) -> GitHubInstallation:
    return make_installation(workspace=workspace, token=TOKEN)


@pytest.fixture
def unreadable(installation: GitHubInstallation, settings: Settings) -> GitHubInstallation:
    """A row whose token was encrypted with a key that is lost."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", []
    return GitHubInstallation.objects.get()


def test_a_secret_is_read_where_it_is_set_and_where_it_is_loaded(
    installation: GitHubInstallation,
) -> None:
    loaded = GitHubInstallation.objects.get()

    assert installation.access_token.read() == loaded.access_token.read() == TOKEN
    assert loaded.access_token == Secret(stored())


def test_a_row_whose_secret_cannot_be_decrypted_is_loaded_and_changed_all_the_same(
    unreadable: GitHubInstallation,
) -> None:
    before = stored()

    unreadable.account_login = "renamed"
    unreadable.save()
    unreadable.refresh_from_db()

    assert (unreadable.account_login, stored()) == ("renamed", before)
    with pytest.raises(UndecryptableSecretError):
        unreadable.access_token.read()


def test_a_secret_that_cannot_be_decrypted_is_replaced(unreadable: GitHubInstallation) -> None:
    unreadable.access_token = "ghp_new"
    unreadable.save(update_fields=["access_token"])

    assert GitHubInstallation.objects.get().access_token.read() == "ghp_new"


def test_nothing_that_prints_a_secret_says_it(installation: GitHubInstallation) -> None:
    secret = installation.access_token

    printed = (
        f"{secret} {secret!r} {vars(installation)} {serializers.serialize('json', [installation])}"
    )

    assert TOKEN not in printed
    assert stored() not in printed
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_where_there_is_no_secret_it_is_empty(workspace: Workspace) -> None:
    make_installation(workspace=workspace)

    none = GitHubInstallation.objects.get(access_token="")
    GitHubInstallation.objects.update(access_token=TOKEN)
    some = GitHubInstallation.objects.exclude(access_token="").get()

    assert (bool(none.access_token), none.access_token.read()) == (False, "")
    assert (bool(some.access_token), some.access_token.read()) == (True, TOKEN)
