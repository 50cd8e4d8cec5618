import pytest
from django.db import connection
from pytest_django import Settings

from dexxy.accounts.models import Workspace
from dexxy.doctor import State, secrets
from tests.factories import make_installation


@pytest.fixture(autouse=True)
def stored_token(workspace: Workspace) -> None:
    make_installation(workspace=workspace, token="ghp_secret")


def test_tokens_that_can_be_read_are_well() -> None:
    finding = secrets.keys()

    assert finding.state is State.OK
    assert finding.says == "All of the 1 stored tokens can be read."


def test_a_lost_key_says_how_many_tokens_it_cost(settings: Settings) -> None:
    settings.SECRET_KEY = "another key than the one before"
    settings.SECRET_KEY_FALLBACKS = []

    finding = secrets.keys()

    assert finding.state is State.FAILED
    assert finding.says == "1 of 1 stored tokens were encrypted with another key."


def test_a_damaged_token_is_not_well() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubinstallation SET access_token = 'nonsense'")

    assert secrets.keys().state is State.FAILED
