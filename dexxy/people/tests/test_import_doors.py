"""A file of people is imported alike on its page, by the API and by the command."""

from io import StringIO
from pathlib import Path

import pytest
from django.contrib import messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.members.models import Member
from tests.doors import Action, Names, Rows, tried

PEOPLE = b"name,email\nMira,mira@example.com\nNoor,noor@example.com\n"
BAD = PEOPLE + b"Cyd,nonsense\n,\nDi,mira@example.com\n"
IMPORT = """mutation ($input: MemberImportInput!) {
  memberImport(input: $input) { isStored problems { line problem } } }"""


class Page:
    """Two forms: one takes the file, the other says that it is to be imported."""

    name = "page"

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()

    def offers(self, action: Action) -> bool:
        return True

    def ask(self, client: Client, action: Action, names: Names) -> str:
        at = f"/w/{names['slug']}/people/import/"
        kept = client.post(at, {"csv": SimpleUploadedFile("people.csv", self.content)})
        done = client.post(at, {"file": kept.headers["Location"].rpartition("file=")[2]})
        sent = messages.get_messages(done.wsgi_request)
        errors = [str(one) for one in sent if one.level == messages.ERROR]
        found = client.get(done.headers["Location"]).context.get("found")
        return told(found.problems) if errors and found else " ".join(errors)


class Api:
    name = "api"

    def __init__(self, path: Path) -> None:
        self.content = path.read_text(encoding="utf-8")

    def offers(self, action: Action) -> bool:
        return True

    def ask(self, client: Client, action: Action, names: Names) -> str:
        given = {"workspaceId": names["workspace"], "csv": self.content}
        sent = {"query": IMPORT, "variables": {"input": given}}
        answer = client.post("/graphql/", sent, "application/json").json()
        if "errors" in answer:
            return str(answer["errors"][0]["message"])
        done = answer["data"]["memberImport"]
        assert done["isStored"] != bool(done["problems"])
        return told([(one["line"], one["problem"]) for one in done["problems"]])


class Command:
    name = "command"

    def __init__(self, path: Path) -> None:
        self.path = path

    def offers(self, action: Action) -> bool:
        return True

    def ask(self, client: Client, action: Action, names: Names) -> str:
        out = StringIO()
        arguments = [str(self.path), "--workspace", str(names["slug"])]
        try:
            call_command("import_members", *arguments, stdout=out)
        except (CommandError, DexxyError) as error:
            lines = out.getvalue().splitlines()
            return "\n".join(one for one in lines if one.startswith("Line ")) or str(error)
        return ""


def told(problems: list[tuple[int, str]]) -> str:
    return "\n".join(f"Line {line}: {problem}" for line, problem in problems)


@pytest.mark.parametrize(
    ("content", "people", "refusal"),
    [
        (PEOPLE, 2, ""),
        (BAD, 0, "Line 4: "),
        (b"name,shoe size\nMira,38\n", 0, "The first line names no column by which"),
        (b"email,Email\n", 0, "The column Email is there twice."),
        (b"\nemail\n", 0, "The file is empty, or its first line is"),
    ],
)
def test_a_file_has_one_outcome_whichever_door_it_comes_through(
    client: Client,
    alice: User,
    workspace: Workspace,
    tmp_path: Path,
    content: bytes,
    people: int,
    refusal: str,
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    action, names = Action("import"), {"slug": workspace.slug, "workspace": workspace.pk}

    by_page, by_api, by_command = (
        tried(door, client, action, names, alice) for door in (Page(path), Api(path), Command(path))
    )

    assert len(by_page.new.get(Member._meta.db_table, [])) == people
    assert by_page.refusal.startswith(refusal)
    assert bool(by_page.refusal) == bool(refusal)
    for other in (by_api, by_command):
        assert (other.refusal, other.audit) == (by_page.refusal, by_page.audit)
        assert other.gone == by_page.gone
    # The page keeps the file until it is imported.
    stored = {table: rows for table, rows in by_page.new.items() if table != "kept_keptfile"}
    assert by_api.new == stored
    # Of a command nobody knows who it was; the others write it down.
    assert without_audit(by_command.new) == without_audit(stored)


def without_audit(rows: Rows) -> Rows:
    return {table: of for table, of in rows.items() if table != AuditEntry._meta.db_table}
