"""People are imported from the page: first it says what will happen, then it is done once."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.services.contributors import uploads
from dexxy.integrations.services.contributors.bulk_working import bulk_tasks_work
from dexxy.integrations.services.contributors.uploads import (
    _ALONE,
    LARGEST_FILE,
    LONGEST_SECONDS,
    people_import_sent,
)
from dexxy.kept.models import KeptFile
from dexxy.members.models import Identity
from dexxy.people.models import BulkTask
from dexxy.web.pages import LONGEST_PAGE_SECONDS

HEAD = "name,email,Phone\n"
GOOD = f"{HEAD}Ada,ada@example.org,1\nBen,ben@example.org,2\n"
BAD = f"{GOOD}Cyd,nonsense,3\n"


def upload(client: Client, workspace: Workspace, content: str | bytes) -> tuple[str, str]:
    """Upload a file, and return the preview with the key of what is kept."""
    file = SimpleUploadedFile(
        "people.csv", content.encode() if isinstance(content, str) else content
    )
    path = f"/w/{workspace.slug}/people/import/"
    page = client.post(path, {"csv": file}, follow=True).content.decode()
    key = re.search(r'name="file" value="(\w+)"', page)
    return page, key[1] if key else ""


def confirm(client: Client, workspace: Workspace, key: str, **values: str) -> str:
    path = f"/w/{workspace.slug}/people/import/"
    return client.post(path, {"file": key, **values}, follow=True).content.decode()


def test_a_file_is_shown_first_and_then_imported_once(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    page, key = upload(client, workspace, GOOD)
    assert "Nothing is stored yet." in page
    assert "<dt>Added</dt><dd>2</dd>" in page
    assert "<bdi>Phone</bdi>" in page
    assert not Identity.objects.exists()

    assert "2 people are added, 0 were known" in confirm(client, workspace, key)
    assert Identity.objects.count() == 2
    assert not KeptFile.objects.exists()
    assert AuditEntry.objects.get(action="members.imported").actor == alice

    assert "This file was imported already" in confirm(client, workspace, key)
    page, key = upload(client, workspace, GOOD)
    assert "<dt>Known from an earlier import</dt><dd>2</dd>" in page


def test_of_each_person_one_file_is_kept(client: Client, alice: User, workspace: Workspace) -> None:
    client.force_login(alice)
    _, first = upload(client, workspace, GOOD)
    _, second = upload(client, workspace, BAD)

    assert [bytes(kept.content) for kept in KeptFile.objects.all()] == [BAD.encode()]
    assert "is not kept any more" in confirm(client, workspace, first)
    assert "none was" in confirm(client, workspace, second)


def test_bad_rows_are_told_by_line_and_nothing_is_half_taken(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    page, key = upload(client, workspace, BAD)
    assert '<td class="num">4</td><td><bdi>nonsense is no e-mail address.</bdi></td>' in page
    assert "Leave these out, import 2 rows" in page

    assert "Some rows cannot be imported, so none was." in confirm(client, workspace, key)
    assert not Identity.objects.exists()

    confirm(client, workspace, key, skip="yes")
    assert Identity.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "Choose a file"),
        ("colour\nred\n", "names no column by which people are told apart"),
        (b"\xff\xfe\x00", "utf-16"),
        ("x" * (LARGEST_FILE + 1), "is larger than 20 MB"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told(
    client: Client, alice: User, workspace: Workspace, content: str | bytes, words: str
) -> None:
    client.force_login(alice)

    page, _ = upload(client, workspace, content)

    assert words in page
    assert not Identity.objects.exists()


def test_it_is_for_administrators_and_a_file_for_who_uploaded_it(
    client: Client, alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    path = f"/w/{workspace.slug}/people/import/"
    assert client.get(path).status_code == 302
    client.force_login(charlie)
    assert client.get(path).status_code == 404
    client.force_login(bob)
    assert client.get(path).status_code == 403
    assert client.post(path, {"file": "0" * 32}).status_code == 403

    client.force_login(alice)
    _, key = upload(client, workspace, GOOD)
    workspace.memberships.filter(user=bob).update(role="admin")
    client.force_login(bob)
    assert "is not kept any more" in confirm(client, workspace, key)
    for wrong in ("x", "../../etc/passwd", "0" * 32, "\0"):
        assert client.post(path, {"file": wrong}).status_code == 302
        assert client.get(path, {"file": wrong}).status_code == 302
    assert client.post(path).status_code == 302
    assert not Identity.objects.exists()


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize(("rows", "is_large"), [(4999, False), (5000, True)])
def test_more_lines_or_bytes_than_a_page_can_do_are_a_workers(
    client: Client, alice: User, workspace: Workspace, end: str, rows: int, is_large: bool
) -> None:
    client.force_login(alice)

    # Lines without anything count: to read them takes time.
    page, _ = upload(client, workspace, f"email{end}ada@example.org{end}" + end * (rows - 1))

    assert ("Nothing is stored yet." in page) != is_large
    assert BulkTask.objects.exists() == is_large


def test_more_bytes_than_a_page_can_do_are_a_workers_whatever_address_is_asked(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)
    upload(client, workspace, "email,notes\nada@example.org," + "x" * 1_000_000 + "\n")
    first = BulkTask.objects.get()

    path = f"/w/{workspace.slug}/people/import/"
    client.get(path, {"file": first.arguments["key"]})
    client.post(path, {"file": first.arguments["key"]})

    kinds = list(BulkTask.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["rehearsal", "import"]


def test_what_takes_too_long_is_undone_and_a_workers(
    client: Client, alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LONGEST_SECONDS == LONGEST_PAGE_SECONDS
    client.force_login(alice)
    _, key = upload(client, workspace, GOOD)
    monkeypatch.setattr(uploads, "LONGEST_SECONDS", 0.0)

    page = confirm(client, workspace, key)

    assert "A worker does it, and goes on when you leave this page." in page
    # Nor is it tried again while the worker has it.
    monkeypatch.undo()
    confirm(client, workspace, key)
    assert BulkTask.objects.count() == 1
    assert not Identity.objects.exists()
    bulk_tasks_work(seconds=0)
    assert Identity.objects.count() == 2


def test_a_person_has_one_file_looked_through_at_a_time(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            # As long as a page holds it that another process shows.
            cursor.execute(_ALONE.replace("xact_", "") % {"person": alice.pk})
        page, _ = upload(client, workspace, GOOD)
        with pytest.raises(DexxyError, match="Another file of yours"):
            people_import_sent(actor=alice, workspace=workspace, content=GOOD)
    finally:
        other.close()

    assert "Another file of yours is looked through right now" in page
    page, _ = upload(client, workspace, GOOD)
    assert "Nothing is stored yet." in page


def test_of_many_columns_that_are_not_used_the_first_are_named(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)
    others = [f"{number}{'x' * 100}" for number in range(25)]

    page, _ = upload(client, workspace, f"email,{','.join(others)}\nada@example.org{',' * 25}\n")

    assert f"<bdi>19{'x' * 58}</bdi>, and 5 more</p>" in page


def test_a_call_that_takes_too_long_is_refused(
    alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LONGEST_SECONDS", 0.0)

    with pytest.raises(DexxyError, match="nothing is stored: send fewer rows"):
        people_import_sent(actor=alice, workspace=workspace, content=GOOD)
    assert not Identity.objects.exists()
