"""People are found by what somebody calls them, however many there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import User, Workspace
from dexxy.common.sql import execute
from dexxy.members.named import UnclearNameError, accounts_called, member_named
from tests.factories import make_identity

pytestmark = pytest.mark.django_db

_MANY = (
    """INSERT INTO members_member (workspace_id, display_name, avatar_url, bio, company, location,
           is_bot, tags, created_at, updated_at)
       SELECT %(workspace)s, 'Somebody ' || n, '', '', '', '', FALSE, '{}', now(), now()
       FROM generate_series(1, 3000) n""",
    """INSERT INTO members_identity (workspace_id, provider, external_id, node_id, kind, username,
           name, email, avatar_url, url, member_id, home_member_id, version_at, message_count,
           created_at, updated_at)
       SELECT %(workspace)s, 'github', 'x' || id, '', 'user', 'somebody-' || id, 'Any ' || id, '',
           '', '', id, id, now(), 0, now(), now()
       FROM members_member WHERE display_name LIKE 'Somebody %%'""",
    "ANALYZE members_member",
    "ANALYZE members_identity",
)


@pytest.mark.parametrize("name", ["mira", "@Mira", "mira stone", "MIRA S"])
def test_a_login_a_name_or_a_display_name_is_looked_up_and_not_looked_for(
    workspace: Workspace, name: str
) -> None:
    mira = make_identity(workspace=workspace, username="Mira", name="Mira Stone")
    mira.home_member.display_name = "Mira S"
    mira.home_member.save()
    for statement in _MANY:
        execute(statement, {"workspace": workspace.pk})

    with CaptureQueriesContext(connection) as asked:
        assert accounts_called(workspace, [name]) == {mira.pk}

    # The accounts alone are a hundred blocks.
    assert sum(blocks(one["sql"]) for one in asked) < 40


def test_a_name_that_is_longer_than_an_index_keeps_is_compared_to_its_end(
    workspace: Workspace,
) -> None:
    long = "m" * 150
    first = make_identity(workspace=workspace, username="a", name=f"{long} one")
    make_identity(workspace=workspace, username="b", name=f"{long} two")

    assert accounts_called(workspace, [f"{long} one"]) == {first.pk}


@pytest.mark.parametrize(
    ("typed", "username"),
    [
        ("mira", "Mira"),
        (" @MIRA ", "Mira"),
        ("mira stone", "Mira"),
        ("miranda", "miranda-k"),
        ("stone", "Mira"),
    ],
)
def test_whoever_has_all_of_a_name_goes_before_who_has_it_in_theirs(
    workspace: Workspace, alice: User, typed: str, username: str
) -> None:
    make_identity(workspace=workspace, username="Mira", name="Mira Stone")
    make_identity(workspace=workspace, username="miranda-k", name="Miranda")

    assert member_named(alice, workspace, typed).identities.get().username == username


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        (" @", "Write the login or the name of somebody."),
        ("mir", "2 people match mir. Write the whole login."),
        ("noor", "Nobody here is called noor."),
    ],
)
def test_a_name_that_is_nobody_s_or_that_of_several_means_nobody(
    workspace: Workspace, alice: User, typed: str, refusal: str
) -> None:
    make_identity(workspace=workspace, username="mira")
    make_identity(workspace=workspace, username="miranda")

    with pytest.raises(UnclearNameError, match=f"^{refusal}$"):
        member_named(alice, workspace, typed)


def blocks(sql: str) -> int:
    """Return how many blocks a statement reads."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}".replace("%", "%%"), ())
        [(plans,)] = cursor.fetchall()
    top = plans[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
