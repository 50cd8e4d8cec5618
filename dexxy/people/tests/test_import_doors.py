"""A file of people is imported alike on its page and by the command."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.members.models import Member
from tests.doors import Action, Names, tried

PEOPLE = b"name,email\nMira,mira@example.com\nNoor,noor@example.com\n"
BAD = PEOPLE + b"Cyd,nonsense\n"


class Page:
    """Two forms: one takes the file, the other says that it is to be imported."""

    name = "page"

    def __init__(self, content: bytes) -> None:
        self.content = content

    def offers(self, action: Action) -> bool:
        return True

    def ask(self, client: Client, action: Action, names: Names) -> str:
        at = f"/w/{names['slug']}/people/import/"
        kept = client.post(at, {"csv": SimpleUploadedFile("people.csv", self.content)})
        client.post(at, {"file": kept.headers["Location"].rpartition("file=")[2]})
        return ""


class Command:
    name = "command"

    def __init__(self, path: Path) -> None:
        self.path = path

    def offers(self, action: Action) -> bool:
        return True

    def ask(self, client: Client, action: Action, names: Names) -> str:
        try:
            call_command("import_members", str(self.path), "--workspace", names["slug"])
        except (CommandError, DexxyError) as error:
            return str(error)
        return ""


@pytest.mark.parametrize(("content", "people"), [(PEOPLE, 2), (BAD, 0)])
def test_a_file_has_one_outcome_whichever_door_it_comes_through(
    client: Client, alice: User, workspace: Workspace, tmp_path: Path, content: bytes, people: int
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    action, names = Action("import"), {"slug": workspace.slug}

    by_page = tried(Page(content), client, action, names, alice)
    by_command = tried(Command(path), client, action, names, alice)

    assert len(by_page.new.get(Member._meta.db_table, [])) == people
    # The page writes down who it was; of a command, nobody knows.
    assert by_page.audit == by_command.audit
    ignored = {"accounts_auditentry", "kept_keptfile"}
    assert {t: r for t, r in by_page.new.items() if t not in ignored} == {
        t: r for t, r in by_command.new.items() if t not in ignored
    }
    assert by_page.gone == by_command.gone
