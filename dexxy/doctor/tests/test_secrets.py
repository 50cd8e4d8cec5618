import pytest
from django.db import connection
from pytest_django import Settings

from dexxy.accounts.models import Workspace
from dexxy.doctor import State, secrets
from dexxy.integrations.models import GitHubInstallation
from tests.factories import make_installation, make_workspace


@pytest.fixture(autouse=True)
def stored_token(workspace: Workspace) -> None:
    make_installation(workspace=workspace, token="ghp_secret")


def test_tokens_that_can_be_read_are_well() -> None:
    finding = secrets.keys()

    assert finding.state is State.OK
    assert finding.says == "The stored secret can be read."


def test_more_than_one_are_counted() -> None:
    make_installation(workspace=make_workspace(), token="ghp_another")

    assert secrets.keys().says == "All 2 stored secrets can be read."


def test_without_a_secret_no_key_is_wrong() -> None:
    GitHubInstallation.objects.all().delete()

    finding = secrets.keys()

    assert (finding.state, finding.says) == (State.OK, "No secret is stored.")


def test_a_lost_key_says_how_many_tokens_it_cost(settings: Settings) -> None:
    settings.SECRET_KEY = "another key than the one before"
    settings.SECRET_KEY_FALLBACKS = []

    finding = secrets.keys()

    assert finding.state is State.FAILED
    assert finding.says == "Encrypted with another key: 1 of 1."


def test_a_damaged_token_is_not_well() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubinstallation SET access_token = 'nonsense'")

    assert secrets.keys().state is State.FAILED
