import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

import dexxy
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import WHOLE_LOG
from dexxy.accounts.services import audit
from dexxy.people.export_keeping import export_latest
from dexxy.people.export_selection import Asked, Selection
from dexxy.people.export_text import export_whole
from dexxy.people.models import Export, Format
from dexxy.web.settings.audit_words import DEEDS, DETAILS, details_of

WRITTEN = re.compile(
    r"(?:audit\([^)]*?|action=|action = |what = |else )\"([a-z_]+\.[a-z_]+)\"", re.DOTALL
)


def test_every_action_that_is_written_down_has_its_sentence() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for path in Path(dexxy.__file__).parent.rglob("*.py")
        if "tests" not in path.parts
    ]
    written = {name for source in sources if "audit" in source for name in WRITTEN.findall(source)}

    assert len(written) > 40
    assert written <= set(DEEDS)


def details_written() -> set[str]:
    """Return the names that calls of `audit` give to what they say beside it."""
    names = set[str]()
    for path in Path(dexxy.__file__).parent.rglob("*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit":
                names |= {one.arg for one in node.keywords if one.arg}
    return names


def test_every_detail_that_is_written_down_has_its_words() -> None:
    written = details_written()

    assert len(written) > 25
    assert written <= set(DETAILS)


def test_a_detail_is_read_in_the_language_of_its_reader(alice: User, workspace: Workspace) -> None:
    entry = audit(
        workspace,
        alice,
        "membership.role_changed",
        workspace,
        installation_id=7,
        role="admin",
        is_on_team=False,
        until="2026-05-04T10:00:00+00:00",
        events=["thread.opened", "waiting.late"],
        view="",
        of_tomorrow="x",
    )

    with override("de"):
        assert details_of(entry) == [
            ("Nummer der Installation auf GitHub", "7"),
            ("Rolle", "Admin"),
            ("ist im Team", "nein"),
            ("bis", "4. Mai 2026 10:00"),
            ("Ereignisse", "thread.opened, waiting.late"),
            ("of tomorrow", "x"),
        ]


@pytest.fixture
def path(alice: User, bob: User, workspace: Workspace) -> str:
    old = audit(workspace, alice, "workspace.updated", workspace, name="Ants & <b>")
    AuditEntry.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    audit(workspace, bob, "thread.assigned", workspace, to=7)
    audit(workspace, None, "member.linked", workspace)
    return f"/w/{workspace.slug}/settings/audit/"


def shown(client: Client, address: str) -> set[str]:
    page = client.get(address).content.decode()
    table = page.partition("<tbody>")[2]
    return {str(deed) for deed in DEEDS.values() if f'soft">{deed}</span>' in table}


def test_the_log_is_read_as_sentences_and_filtered(
    client: Client, alice: User, bob: User, path: str
) -> None:
    client.force_login(alice)
    today = timezone.now().date().isoformat()
    updated, assigned, linked = (
        str(DEEDS[one]) for one in ("workspace.updated", "thread.assigned", "member.linked")
    )

    assert shown(client, path) == {updated, assigned, linked}
    assert "Ants &amp; &lt;b&gt;" in client.get(path).content.decode()
    assert shown(client, f"{path}?actor={bob.pk}") == {assigned}
    assert shown(client, f"{path}?action=member.linked") == {linked}
    assert shown(client, f"{path}?since={today}") == {assigned, linked}
    assert shown(client, f"{path}?until={today}") == {updated, assigned, linked}
    assert shown(client, f"{path}?until=2000-01-01") == set()
    # What cannot be a filter is none.
    wrong = "?actor=x&action=nothing&since=2026-13-45&until=9999-12-31"
    assert shown(client, path + wrong) == {updated, assigned, linked}


def test_the_log_is_exported_whole_and_to_admins_alone(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    address = f"/workspaces/{workspace.pk}/export/audit.csv"
    client.force_login(bob)
    assert client.post(address, headers={"Accept": "text/html"}).status_code == 403
    client.force_login(alice)
    assert client.get(address, headers={"Accept": "text/html"}).status_code == 200

    written = "".join(export_whole(Asked(workspace, alice), Export.AUDIT, Format.CSV))

    assert [line.split(",")[4] for line in written.splitlines()] == [
        "action",
        *("member.linked", "thread.assigned", "workspace.updated"),
    ]


def test_what_is_filtered_is_what_is_exported(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)
    today = timezone.now().date().isoformat()
    query = f"actor={bob.pk}&action=thread.assigned&since={today}&until={today}"
    link = f"/workspaces/{workspace.pk}/export/audit.csv?{query}"
    assert link.replace("&", "&amp;") in client.get(f"{path}?{query}").content.decode()

    client.post(link, headers={"Accept": "text/html"})

    [asked] = workspace.export_files.all()
    selection = Selection.read(asked.selection)
    assert selection.log.actor_id == bob.pk
    assert "that you chose" in client.get(link, headers={"Accept": "text/html"}).content.decode()
    written = "".join(
        export_whole(Asked(workspace, alice, selection), Export.AUDIT, Format.CSV)
    ).splitlines()
    assert [line.split(",")[4] for line in written] == ["action", "thread.assigned"]
    # Another choice is another export.
    everything = Selection(log=WHOLE_LOG)
    assert everything.written() == {}
    assert export_latest(alice, workspace, Export.AUDIT, Format.CSV) is None
