"""Lookups of our own find what Django's find."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import Workspace
from dexxy.members.models import Identity
from tests.factories import make_identity


@pytest.fixture
def accounts(workspace: Workspace) -> list[Identity]:
    return [make_identity(workspace=workspace, username=name) for name in ("ada", "bob", "eve")]


def test_any_finds_what_in_finds(accounts: list[Identity]) -> None:
    wanted = [accounts[0].pk, accounts[2].pk, 0]
    homes = {account.home_member_id for account in accounts[:2]}

    assert [*Identity.objects.filter(pk__any=wanted).order_by("pk")] == [accounts[0], accounts[2]]
    assert [*Identity.objects.filter(home_member__any=homes).order_by("pk")] == accounts[:2]
    assert not Identity.objects.filter(pk__any=[]).exists()


def test_any_sends_one_parameter_however_many_values_there_are(accounts: list[Identity]) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = Identity.objects.filter(username__any=["ada"] * 70_000).count()

    assert found == 1
    assert asked[0]["sql"].count("ANY(") == 1
