"""Taking people in and along by the API, as the pages do."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.members.models import Member
from dexxy.people.export_making import exports_work
from tests.factories import make_identity

Ask = Callable[..., dict[str, Any]]

IMPORT = """mutation ($input: MemberImportInput!) { memberImport(input: $input) {
  added known erased bad joined ignoredColumns problems { line problem } isStored } }"""
FILE = "name,email,shoe size\nMei Sand,mei@example.com,38\nBo,,\n"


def imported(ask: Ask, viewer: User, workspace: Workspace, **given: Any) -> dict[str, Any]:
    answer = ask(IMPORT, viewer, input={"workspaceId": workspace.pk, "csv": FILE, **given})
    found: dict[str, Any] = answer["data"]["memberImport"]
    return found


def test_a_program_imports_people_all_or_nothing(
    ask: Ask, alice: User, workspace: Workspace
) -> None:
    refused = imported(ask, alice, workspace)

    [problem] = refused.pop("problems")
    assert problem["line"] == 3
    assert refused == {
        "added": 1,
        "known": 0,
        "erased": 0,
        "bad": 1,
        "joined": 0,
        "ignoredColumns": ["shoe size"],
        "isStored": False,
    }
    rehearsal = imported(ask, alice, workspace, isRehearsal=True, skipsBadRows=True)
    assert (rehearsal["added"], rehearsal["isStored"]) == (1, False)
    assert not Member.objects.exists()

    done = imported(ask, alice, workspace, skipsBadRows=True)
    again = imported(ask, alice, workspace, skipsBadRows=True)

    assert (done["added"], done["isStored"]) == (1, True)
    assert (again["added"], again["known"]) == (0, 1)
    assert Member.objects.get().display_name == "Mei Sand"
    assert {(one.actor, one.action) for one in AuditEntry.objects.all()} == {
        (alice, "members.imported")
    }


def test_a_program_imports_so_much_at_once(ask: Ask, alice: User, workspace: Workspace) -> None:
    for csv in ("", "email\n" + "\n" * 5000, f"email\n{'x' * 1_000_000}"):
        given = {"workspaceId": workspace.pk, "csv": csv}
        [error] = ask(IMPORT, alice, input=given)["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_program_takes_some_people_along(
    ask: Ask, client: Client, bob: User, charlie: User, workspace: Workspace
) -> None:
    ada, _bo = (make_identity(workspace=workspace, username=name) for name in ("ada", "bo"))
    asked = """mutation ($workspace: ID!, $members: [ID!], $csv: Boolean!, $words: String!) {
      memberExport(workspaceId: $workspace, memberIds: $members, isCsv: $csv,
        filters: {search: $words}) { members address } }"""

    def files(**given: Any) -> str:
        given = {"workspace": workspace.pk, "members": None, "csv": True, "words": "", **given}
        told = ask(asked, bob, **given)["data"]["memberExport"]
        path = urlsplit(told["address"]).path
        client.force_login(bob)
        assert client.get(path).status_code == 202
        exports_work(seconds=9)
        text = client.get(path).getvalue().decode()
        client.force_login(charlie)
        assert client.get(path).status_code == 404
        assert told["members"] == len(text.splitlines()) - given["csv"]
        return str(text)

    named = files(members=[ada.member_id])
    assert named.startswith("id,display_name,")
    assert f"\n{ada.member_id},ada," in named
    assert '"display_name":"bo"' in files(words="bo", csv=False)
    assert len(files().splitlines()) == 3
    [error] = ask(asked, bob, workspace=workspace.pk, csv=True, words="nobody")["errors"]
    assert error["message"] == "Select somebody first."
