"""Who runs Dexxy lets people in, and makes workspaces, from the command line."""

import os
import socket
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from rich.console import Console

from dexxy.accounts.addresses import AddressTakenError, address_is_proven
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import is_admin
from dexxy.accounts.services import WorkspaceExistsError, first_admin_ensure
from dexxy.cli.errors import WrongUseError
from dexxy.cli.startup import announce
from dexxy.cli.tests.running import dexxy
from tests.factories import make_user
from tests.second_step import app_of
from tests.servers import own_database

BASE_URL = "http://localhost:8000"


def run(*arguments: str) -> tuple[str, str]:
    """Run a command; return its one line of output, and what it says beside that."""
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    [line] = out.getvalue().splitlines()
    return line, err.getvalue()


def signed_in_by(link: str) -> User | None:
    """Click on a link; return who is signed in then."""
    assert link.startswith(f"{BASE_URL}/sign-in/link/?sesame=")
    client = Client()
    client.post(link.removeprefix(BASE_URL))
    pk = client.session.get("_auth_user_id")
    return None if pk is None else User.objects.get(pk=pk)


def test_a_link_signs_in_whom_it_is_for_and_once(alice: User) -> None:
    link, said = run("sign_in_link", "ALICE@example.com")

    assert said == "It signs alice@example.com in, once, within an hour.\n"
    assert signed_in_by(link) == alice
    assert signed_in_by(link) is None


def test_who_lost_their_second_step_gets_in_without_it_by_whoever_runs_dexxy(
    alice: User, workspace: Workspace
) -> None:
    app_of(alice)
    asked, _said = run("sign_in_link", "alice@example.com")
    assert signed_in_by(asked) is None  # a code is asked for

    link, _said = run("sign_in_link", "alice@example.com", "--reset-second-step")

    assert signed_in_by(link) == alice
    entry = AuditEntry.objects.get(action="user.second_step_reset")
    assert (entry.actor, entry.details) == (None, {"user": alice.email})


def test_nobody_gets_a_link_who_has_no_account_or_may_not_sign_in(alice: User) -> None:
    alice.is_active = False
    alice.save()

    with pytest.raises(WrongUseError, match="is inactive: set it active in the admin"):
        run("sign_in_link", "alice@example.com")
    with pytest.raises(WrongUseError, match="`dexxy user-create dora@"):
        run("sign_in_link", "dora@example.com")


def test_an_account_is_made_with_an_address_that_counts(workspace: Workspace) -> None:
    link, said = run(
        *("user_create", "dora@example.com", "--name", "Dora"),
        *("--workspace", workspace.slug, "--role", "admin"),
    )

    dora = User.objects.get(email="dora@example.com")
    assert "`dexxy sign-in-link dora@example.com` prints another one" in said
    assert signed_in_by(link) == dora
    assert (dora.name, dora.is_staff, dora.is_superuser) == ("Dora", False, False)
    assert not dora.has_usable_password()
    assert address_is_proven(dora, "dora@example.com")
    assert is_admin(dora, workspace)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("membership.added", None)


def test_an_account_of_the_staff_runs_dexxy(client: Client, db: None) -> None:
    run("user_create", "dora@example.com", "--staff")

    client.force_login(User.objects.get())

    assert client.get("/admin/accounts/user/").status_code == 200


def test_no_account_is_made_that_exists_or_cannot_be(workspace: Workspace, bob: User) -> None:
    before = User.objects.count()

    with pytest.raises(AddressTakenError, match="There is an account with the address bob@"):
        run("user_create", "BOB@example.com")
    with pytest.raises(WrongUseError, match=r"^dora: Enter a valid email address\.$"):
        run("user_create", "dora")
    with pytest.raises(WrongUseError, match="There is no workspace nowhere"):
        run("user_create", "dora@example.com", "--workspace", "nowhere")

    assert User.objects.count() == before


def test_a_workspace_is_made_for_whoever_runs_dexxy(db: None) -> None:
    make_user()
    admin = first_admin_ensure()

    slug, said = run("workspace_create", " Große Katzen ")

    workspace = Workspace.objects.get(slug="grosse-katzen")
    assert (slug, workspace.name) == ("grosse-katzen", "Große Katzen")
    assert said == "Große Katzen is made. admin@localhost administers it.\n"
    assert is_admin(admin, workspace)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.workspace) == ("workspace.created", None, workspace)


def test_a_workspace_is_made_with_a_slug_and_an_administrator(bob: User) -> None:
    slug, _ = run("workspace_create", "!!", "--slug", "cats", "--admin", "bob@example.com")

    assert slug == "cats"
    assert is_admin(bob, Workspace.objects.get(slug="cats"))


def test_no_workspace_is_made_that_exists_or_that_nobody_administers(
    workspace: Workspace, bob: User
) -> None:
    with pytest.raises(WorkspaceExistsError, match=f"There is a workspace {workspace.slug} "):
        run("workspace_create", "Team", "--slug", workspace.slug, "--admin", bob.email)
    with pytest.raises(WrongUseError, match="`dexxy user-create EMAIL --staff`"):
        run("workspace_create", "Cats")
    with pytest.raises(WrongUseError, match="There is no account with the address dora@"):
        run("workspace_create", "Cats", "--admin", "dora@example.com")

    assert list(Workspace.objects.all()) == [workspace]


def announced(admin: User, descriptor: int) -> str:
    out = StringIO()
    announce(Console(file=out), "Dexxy is running", BASE_URL, admin, descriptor=descriptor)
    return out.getvalue()


def test_no_link_goes_into_the_journal(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    admin = first_admin_ensure()
    journal, other_end = socket.socketpair()

    with journal, other_end:
        assert "sesame=" in announced(admin, journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
        said = announced(admin, journal.fileno())

    assert "sesame=" not in said
    assert "`dexxy sign-in-link admin@localhost` prints a link that signs you in" in said


def test_a_link_is_printed_into_whatever_is_no_journal(
    monkeypatch: pytest.MonkeyPatch, db: None, tmp_path: Path
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")  # as what a service starts inherits it

    with (tmp_path / "log").open("w") as log:
        said = announced(first_admin_ensure(), log.fileno())

    assert "This link signs you in, once:\n  http://localhost:8000/sign-in/link/?sesame=" in said


@pytest.mark.django_db
def test_a_word_that_is_no_utf_8_is_said_in_one_line(data_dir: Path) -> None:
    servers = {"REDIS_URL": os.environ["REDIS_URL"], **own_database()}

    done = dexxy("sign-in-link", "\udcff", data_dir=data_dir, **servers)

    assert done.returncode == 2
    assert done.stderr.startswith("dexxy: A word on the command line is not UTF-8")
